//! The model's traces over HTTP: sampled ones, and those of every fault the model is tried with, against the real server
//! on both databases, with real providers and a real mailbox. What each person is shown and what is stored afterwards
//! is held against the model, and what a fault would allow is refused.

mod cast;
mod left_out;
mod play;
mod seat;
mod shown;
mod stage;
mod stored;
mod traces;

use futures_util::{StreamExt as _, stream};
use modelcheck::mutants::Mutant;
use modelcheck::names::{HONEST, Names, OPEN};
use modelcheck::setup::Setup;
use play::Played;
use seat::By;
use selfsame::config::Config;
use selfsame::server::Server;
use stage::Stage;
use std::collections::BTreeMap;
use testkit::{Engine, Options, World};
use traces::{Taken, Trace};

/// Traces of each setup and engine, unless `SELFSAME_REPLAY_TRACES` says otherwise.
const TRACES: usize = 6;
/// Worlds at a time: a person waits for mail more than for anything else.
const AT_ONCE: usize = 4;

/// Each function, which takes an engine, as a test on either one.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(testkit::Engine::Sqlite).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(testkit::Engine::Postgres).await;
            })*
        }
    };
}

on_both_engines!(sampled_traces_are_seen_as_the_model_sees_them, what_each_mutant_allows_is_refused);

fn lines_of_policy(setup: &Setup) -> String {
    let policy = &setup.policy;
    format!(
        "password = {}\nemail_code = {}\npasskey = {}\nsign_up = \"{}\"",
        policy.local.password,
        policy.local.email_code,
        policy.local.passkey,
        sign_up(policy.sign_up)
    )
}

fn sign_up(rule: model::SignUp) -> &'static str {
    match rule {
        model::SignUp::Open => "open",
        model::SignUp::Invited => "invited",
        model::SignUp::Closed => "closed",
    }
}

/// A connection's rules in the words of the configuration.
fn lines_of(setup: &Setup, names: &Names, connection: u8) -> String {
    let rules = setup.policy.connection(&names.connections[usize::from(connection)]).expect("configured");
    let link_on_match = match rules.link_on_match {
        model::LinkOnMatch::Off => "off",
        model::LinkOnMatch::Prove => "prove",
        model::LinkOnMatch::VerifiedEmail => "verified_email",
    };
    let purpose = match rules.purpose {
        model::Purpose::SignInAndLink => "sign_in_and_link",
        model::Purpose::LinkOnly => "link_only",
        model::Purpose::SignInOnly => "sign_in_only",
        model::Purpose::DataOnly => "data_only",
    };
    format!(
        "link_on_match = \"{link_on_match}\"\npurpose = \"{purpose}\"\nsign_up = \"{}\"\nmax_links_per_user = {}\n\
         email_evidence = \"{}\"\nauthoritative_domains = {:?}",
        sign_up(rules.sign_up),
        rules.max_links_per_user,
        if rules.mail_authority.vouched { "vouched" } else { "claimed" },
        rules.mail_authority.authoritative_domains,
    )
}

/// The world of a setup, and a second server over it in which everybody may sign up and link, as it was before the
/// operator made today's rules.
async fn world(setup: &Setup, names: &Names, engine: Engine) -> (World, Server) {
    let options = Options {
        policy: lines_of_policy(setup),
        connection_a: lines_of(setup, names, HONEST),
        connection_b: lines_of(setup, names, OPEN),
        ..Options::on(engine)
    };
    let (policy, a, b) = (options.policy.clone(), options.connection_a.clone(), options.connection_b.clone());
    let world = World::with(options).await;
    let text = std::fs::read_to_string(world.directory.path().join("selfsame.toml")).expect("the configuration");
    let open = "link_on_match = \"prove\"";
    let text = text.replace(&policy, "").replace(&a, open).replace(&b, open);
    let file = world.directory.path().join("open.toml");
    std::fs::write(&file, text).expect("a file");
    let config = Config::load(&file, std::iter::empty()).unwrap_or_else(|errors| panic!("{errors:?}"));
    let server = World::start(&config, world.clock.clone(), 2).await;
    (world, server)
}

/// Setups that are played.
fn setups() -> Vec<Setup> {
    let all =
        modelcheck::setup::all().into_iter().filter(|setup| left_out::reason(left_out::SETUPS, setup.name).is_none());
    all.map(traces::whole_steps).collect()
}

#[test]
fn tables_name_what_there_is() {
    let setups: Vec<_> = modelcheck::setup::all().iter().map(|setup| setup.name).collect();
    let mutants: Vec<_> = modelcheck::mutants::all().iter().map(|mutant| mutant.name).collect();
    for (name, reason) in left_out::SETUPS {
        assert!(setups.contains(name) && !reason.is_empty(), "no setup `{name}`");
    }
    for (name, reason) in left_out::MUTANTS {
        assert!(mutants.contains(name) && !reason.is_empty(), "no mutant `{name}`");
    }
}

/// What playing one setup, or one mutant, came to.
#[derive(Default)]
struct Tally {
    traces: usize,
    steps: usize,
    /// Ended at a limit of mails or attempts, which the model does not count.
    limited: usize,
    /// How often each kind of answer was compared.
    seen: BTreeMap<String, usize>,
    differences: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.traces += other.traces;
        self.steps += other.steps;
        self.limited += other.limited;
        for (seen, count) in other.seen {
            *self.seen.entry(seen).or_default() += count;
        }
        self.differences.extend(other.differences);
    }

    fn count(&mut self, steps: &[Taken]) {
        self.steps += steps.len();
        for decided in steps.iter().filter_map(|taken| taken.outcome.decided.as_ref()) {
            let seen = format!("{:?}", decided.seen);
            let name = seen.split('(').next().unwrap_or_default().to_owned();
            *self.seen.entry(name).or_default() += 1;
        }
    }
}

async fn play_setup(setup: &Setup, sampled: &[Trace], names: &Names, engine: Engine) -> Tally {
    let (world, open) = Box::pin(world(setup, names, engine)).await;
    let _jobs = open.jobs();
    let mut tally = Tally { traces: sampled.len(), ..Tally::default() };
    for (number, trace) in sampled.iter().enumerate() {
        let by = if number % 2 == 0 { By::Pages } else { By::Api };
        let mut stage = Stage::new(&world, setup, number, by);
        stage.build(&open, &trace.start).await;
        match stage.play(trace).await {
            Ok(Played::Whole) => tally.count(&trace.steps),
            Ok(Played::UntilLimit(at)) => {
                tally.count(&trace.steps[..at]);
                tally.limited += 1;
            }
            Err(difference) => tally.differences.push(play::report(setup, trace, by, &difference)),
        }
        if setup.events.operator {
            stage.clear().await;
        }
    }
    println!("{:24} {} traces, {} steps", setup.name, tally.traces, tally.steps);
    tally
}

#[expect(clippy::disallowed_methods, reason = "the environment of tests says how much is played")]
fn wanted() -> usize {
    std::env::var("SELFSAME_REPLAY_TRACES").ok().and_then(|text| text.parse().ok()).unwrap_or(TRACES)
}

async fn sampled_traces_are_seen_as_the_model_sees_them(engine: Engine) {
    let wanted = wanted();
    let (names, setups) = (Names::new(), setups());
    let mut tally = Tally::default();
    // Before any server runs: exploring would keep it from answering in time.
    let sampled = |setup| (setup, traces::sampled(setup, &names, wanted));
    let all: Vec<(&Setup, Vec<Trace>)> = setups.iter().map(sampled).collect();
    for (setup, traces) in &all {
        assert!(!traces.is_empty(), "nothing of `{}` is played", setup.name);
    }
    let mut playing =
        stream::iter(&all).map(|(setup, traces)| play_setup(setup, traces, &names, engine)).buffer_unordered(AT_ONCE);
    while let Some(of_setup) = playing.next().await {
        tally.add(of_setup);
    }
    for (name, reason) in left_out::SETUPS {
        println!("{name:24} left out: {reason}");
    }
    let Tally { traces, steps, limited, seen, differences } = tally;
    println!("seen: {seen:?}");
    println!("replayed {traces} traces, {steps} steps on {engine:?}; {limited} ended at a limit of mails or attempts");
    assert!(differences.is_empty(), "{} differences:\n\n{}", differences.len(), differences.join("\n----\n"));
}

/// Lets an attacker do what a fault would allow, by pages and by the API; what went wrong, in words.
async fn attack(
    (mutant, setup, trace): (&Mutant, &Setup, &Trace),
    number: usize,
    names: &Names,
    engine: Engine,
) -> Vec<String> {
    let (world, open) = Box::pin(world(setup, names, engine)).await;
    let _jobs = open.jobs();
    let mut wrong = Vec::new();
    for by in [By::Pages, By::Api] {
        let mut stage = Stage::new(&world, setup, 2 * number + usize::from(by == By::Api), by);
        stage.build(&open, &trace.start).await;
        let why = match stage.attack(trace).await {
            Ok((Some(step), stored)) => match modelcheck::check::state(setup, &stored) {
                Ok(()) => {
                    let refused = modelcheck::words::sentence(setup, trace.steps[step].step);
                    println!("{:40} by {by:?}: refused at step {}: {refused}", mutant.name, step + 1);
                    None
                }
                Err(broken) => Some(format!("{broken:?}")),
            },
            Ok((None, _)) => Some("it went through".to_owned()),
            Err(surplus) => Some(format!("{surplus:?}")),
        };
        let sentences = trace.steps.iter().map(|taken| modelcheck::words::sentence(setup, taken.step));
        let story = || sentences.collect::<Vec<_>>().join("\n");
        wrong.extend(why.map(|why| format!("{} by {by:?}: {why}\n{}", mutant.name, story())));
        stage.clear().await;
    }
    wrong
}

async fn what_each_mutant_allows_is_refused(engine: Engine) {
    let (names, setups, mutants) = (Names::new(), setups(), modelcheck::mutants::all());
    let is_played = |mutant: &&Mutant| left_out::reason(left_out::MUTANTS, mutant.name).is_none();
    let mut wrong = Vec::new();
    let mut played = Vec::new();
    for mutant in mutants.iter().filter(is_played) {
        match traces::of_mutant(mutant, &setups, &names) {
            Some((at, trace)) => played.push((mutant, &setups[at], trace)),
            None => wrong.push(format!("{}: no setup that is played shows it", mutant.name)),
        }
    }
    let mut playing = stream::iter(played.iter().enumerate())
        .map(|(number, (mutant, setup, trace))| attack((mutant, setup, trace), number, &names, engine))
        .buffer_unordered(AT_ONCE);
    while let Some(of_mutant) = playing.next().await {
        wrong.extend(of_mutant);
    }
    for (name, reason) in left_out::MUTANTS {
        println!("{name:40} left to the model: {reason}");
    }
    println!("{} mutants refused on {engine:?}, {} left to the model", played.len(), left_out::MUTANTS.len());
    assert!(wrong.is_empty(), "{} wrong:\n\n{}", wrong.len(), wrong.join("\n----\n"));
}
