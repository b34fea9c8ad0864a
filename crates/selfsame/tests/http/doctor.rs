//! `selfsame doctor verify`: nothing on a healthy database, everything that somebody with the database in their hands
//! broke, and a place to go on from.

use crate::on_both_engines;
use crate::operator::{Ran, done, edit, people, ran};
use serde_json::json;
use std::collections::BTreeSet;
use testkit::{Engine, Options, World};

on_both_engines!(
    a_healthy_database_has_no_findings,
    t134_every_break_of_an_invariant_is_found,
    a_walk_that_was_broken_off_goes_on,
);

async fn verify(world: &World, more: &[&str]) -> Ran {
    ran(world, &[&["doctor", "verify", "--json"], more].concat()).await
}

/// Codes of what is found; the exit code says whether there is any.
async fn found(world: &World) -> BTreeSet<String> {
    let ran = verify(world, &[]).await;
    let report = ran.json();
    let codes: BTreeSet<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let words = [&finding["what"], &finding["advice"]].map(|text| text.as_str().unwrap().to_owned());
            assert!(words.iter().all(|text| text.ends_with('.')), "{finding}");
            assert!(!finding["ids"].as_object().unwrap().is_empty(), "{finding}");
            finding["check"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!((ran.code, &report["clean"]), (i32::from(!codes.is_empty()), &json!(codes.is_empty())), "{report}");
    codes
}

async fn a_healthy_database_has_no_findings(engine: Engine) {
    let place = tempfile::tempdir().unwrap();
    let socket = place.path().join("admin.sock");
    let server = format!("admin_socket = \"{}\"", socket.display());
    let world = World::with(Options { server, ..Options::on(engine) }).await;
    let (mut ada, _) = people(&world).await;
    // Removed, undone, deleted: what may look odd and is not.
    let link = world.link_of("ada@example.test", "b").await.to_string();
    done(&world, &["link", "remove", "ada@example.test", &link]).await;
    world.connect(&mut ada, "b", "b-ada").await;
    let mut joan = world.browser();
    world.provider_sign_in(&mut joan, "a", "a-joan").await;
    done(&world, &["user", "delete", "joan@example.test", "--yes"]).await;
    let mut again = world.browser();
    world.provider_sign_in(&mut again, "a", "a-joan").await;
    assert_eq!(found(&world).await, BTreeSet::new());

    // The same by a running server, whose counters say that nothing was written.
    let bound = selfsame::socket::Socket::bind(&socket).await.unwrap();
    let serving = tokio::spawn(bound.serve(world.server.admin.clone()));
    let before = world.server.store.counters();
    let ran = ran(&world, &["doctor", "verify", "--page", "2"]).await;
    let after = world.server.store.counters();
    assert_eq!((ran.code, before.commits, before.writes), (0, after.commits, after.writes), "{} {}", ran.out, ran.err);
    assert!(after.background_reads > before.background_reads + 8, "page after page, by the server");
    assert!(ran.out.ends_with("findings.\n") && ran.err.contains("at audit"), "{} {}", ran.out, ran.err);
    serving.abort();
}

async fn t134_every_break_of_an_invariant_is_found(engine: Engine) {
    let world = World::new(engine).await;
    people(&world).await;
    world.is_tampered_with();
    let mut before = found(&world).await;
    assert_eq!(before, BTreeSet::new());
    let mut expected: Vec<String> = Vec::new();
    for line in include_str!("../../../store/tests/doctor.sql").lines() {
        if let Some(codes) = line.strip_prefix("-- finds: ") {
            expected = codes.split(' ').map(str::to_owned).collect();
        } else if !line.starts_with("--") {
            edit(&world, line).await;
            let after = found(&world).await;
            for code in &expected {
                assert!(!before.contains(code), "{code} was found before: {line}");
                assert!(after.contains(code), "{code} is not found: {line}: {after:?}");
            }
            before = after;
        }
    }
    // For people: one line each, with ids and what to do.
    let ran = ran(&world, &["doctor", "verify"]).await;
    assert_eq!(ran.code, 1);
    let line = ran.out.lines().find(|line| line.contains("grant_of_nothing")).unwrap();
    assert!(line.starts_with("I5 grant_of_nothing: event=") && line.contains(" user="), "{line}");
}

async fn a_walk_that_was_broken_off_goes_on(engine: Engine) {
    let world = World::new(engine).await;
    people(&world).await;
    let looked = |ran: &Ran| ran.json()["looked"].as_u64().unwrap();
    let whole = verify(&world, &["--page", "1"]).await;
    assert_eq!(whole.code, 0, "{}", whole.err);
    let all = looked(&whole);
    assert_eq!(all, looked(&verify(&world, &[]).await), "pages of one row see what one page sees");
    // Every place that was printed leads to the rest, and nothing is skipped or told twice.
    let places: Vec<(u64, String)> = whole
        .err
        .lines()
        .filter_map(|line| {
            let (progress, at) = line.split_once(" findings, at ")?;
            Some((progress.split(' ').next()?.parse().ok()?, at.to_owned()))
        })
        .collect();
    assert!(places.len() as u64 > all, "a place after each row and part: {places:?}");
    for (done, at) in places.iter().step_by(5) {
        let rest = verify(&world, &["--from", at]).await;
        assert_eq!((rest.code, looked(&rest)), (0, all - done), "{at}: {}", rest.err);
    }
    // Kept beside the configuration while it is under way, gone at the end.
    let place = world.directory.path().join("selfsame.toml.doctor");
    assert!(!place.exists());
    let without = verify(&world, &["--resume"]).await;
    assert_eq!(without.code, 2, "{}", without.err);
    let (done, at) = &places[places.len() / 2];
    std::fs::write(&place, at).unwrap();
    let rest = verify(&world, &["--resume"]).await;
    assert_eq!((rest.code, looked(&rest), place.exists()), (0, all - done, false), "{}", rest.err);
    // What cannot be checked is neither clean nor a finding.
    for wrong in ["nothing", "users:zz", "audit:00"] {
        let ran = verify(&world, &["--from", wrong]).await;
        assert_eq!((ran.code, &*ran.out), (2, ""), "{wrong}: {}", ran.err);
        assert!(ran.error()["error"]["message"].as_str().unwrap().contains("bad_place"), "{wrong}: {}", ran.err);
    }
}
