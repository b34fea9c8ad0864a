//! `selfsame`: one person, many sign-ins, one account.

fn main() -> std::process::ExitCode {
    selfsame::command::main()
}
