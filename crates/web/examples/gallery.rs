//! Writes every page in every state and language as files that a browser opens without a server:
//! `cargo run -p web --example gallery -- DIR`.

#[path = "../tests/it/samples/mod.rs"]
mod samples;

use std::path::{Path, PathBuf};
use std::{env, fs, io};
use web::texts::Lang;

fn main() -> io::Result<()> {
    let Some(directory) = env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("say where: cargo run -p web --example gallery -- DIR"));
    };
    fs::create_dir_all(directory.join("assets"))?;
    for (path, asset) in web::assets::all() {
        fs::write(directory.join(path.trim_start_matches('/')), asset.bytes)?;
    }
    for lang in Lang::ALL {
        let here = directory.join(lang.code());
        fs::create_dir_all(&here)?;
        for sample in samples::all(lang) {
            write(&here, &sample.name, &sample.html)?;
        }
        for (name, mail) in samples::mails(lang) {
            write(&here, &name, &mail.html)?;
            fs::write(here.join(format!("{name}.txt")), format!("{}\n\n{}", mail.subject, mail.text))?;
        }
    }
    Ok(())
}

fn write(here: &Path, name: &str, html: &str) -> io::Result<()> {
    fs::write(here.join(format!("{name}.html")), html.replace("\"/assets/", "\"../assets/"))
}
