//! The people of the example providers: realistic trouble, so that the demo shows decisions and not only sign-ins.

use crate::provider::Person;
use serde_json::json;

/// Example Provider A sends a code of its own before it says `verified`; the demo's configuration vouches for it.
pub fn people_a() -> Vec<Person> {
    vec![
        Person::new("104928310551", "Ada Lovelace").mail("ada@example.test", json!(true)).user_name("ada"),
        // One person, two accounts at one provider.
        Person::new("104928310662", "Grace Hopper").mail("grace@example.test", json!(true)).user_name("grace"),
        Person::new("104928310773", "Grace Hopper (Navy)")
            .mail("grace.hopper@navy.example", json!(true))
            .user_name("amazing-grace")
            .hosted_domain("navy.example"),
        // No address at all: never matched with anybody.
        Person::new("104928310884", "Linus").user_name("linus"),
        // A relay address: reaches her, and is nobody's name.
        Person::new("104928310995", "Joan Clarke").mail("k3v9xq7d2m@relay.example.test", json!(true)).user_name("joan"),
        Person::new("104928311006", "Jürgen Bücher").mail("juergen@bücher.example", json!(true)).user_name("jürgen"),
        // The old address of somebody who left, given to another person since.
        Person::new("104928311117", "Alan Turing").mail("office@example.test", json!(true)).user_name("alan"),
    ]
}

/// Example Provider B lets people type any address; nobody vouches for it.
pub fn people_b() -> Vec<Person> {
    vec![
        Person::new("5f0c2f9e-6a34-4e0b-9d5e-2b8c77a1e001", "Ada Lovelace")
            .mail("ada@example.test", json!(true))
            .user_name("ada.l"),
        // Ada's address, typed by somebody else and never confirmed.
        Person::new("5f0c2f9e-6a34-4e0b-9d5e-2b8c77a1e002", "Mallory")
            .mail("ada@example.test", json!(false))
            .user_name("ada"),
        // A provider that writes its flag as text.
        Person::new("5f0c2f9e-6a34-4e0b-9d5e-2b8c77a1e003", "Grace Hopper")
            .mail("grace@example.test", json!("true"))
            .user_name("grace"),
        // The flag is missing.
        Person::new("5f0c2f9e-6a34-4e0b-9d5e-2b8c77a1e004", "Barbara Liskov")
            .mail("barbara@example.test", serde_json::Value::Null)
            .user_name("barbara"),
        Person::new("5f0c2f9e-6a34-4e0b-9d5e-2b8c77a1e005", "Linus").user_name("linus"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn subjects_are_unique_and_the_trouble_is_there() {
        for people in [people_a(), people_b()] {
            let subjects: HashSet<_> = people.iter().map(|person| person.sub.clone()).collect();
            assert_eq!(subjects.len(), people.len());
            for address in people.iter().filter_map(|person| person.email.as_deref()) {
                assert!(model::Address::parse(address).is_ok(), "{address}");
            }
        }
        let claims_ada = |person: &&Person| person.email.as_deref() == Some("ada@example.test");
        assert_eq!(people_a().iter().filter(claims_ada).count(), 1);
        assert_eq!(people_b().iter().filter(claims_ada).count(), 2);
        assert!(people_a().iter().any(|person| person.email.is_none()));
    }
}
