//! The people, addresses and connections of one trace. Every trace has its own, so that one server plays many.

use modelcheck::names::{HONEST, IDENTITY};
use modelcheck::state::Person;
use sandbox::provider::Provider;
use testkit::World;

/// One trace's names.
#[derive(Debug, Clone, Copy)]
pub struct Cast(pub usize);

impl Cast {
    pub fn address(self, address: u8) -> String {
        format!("{}-{}@home.example", ["vera", "mallory"][usize::from(address)], self.0)
    }

    pub fn subject(self, identity: u8) -> String {
        format!("{}-{}", IDENTITY[usize::from(identity)].3, self.0)
    }
}

/// Strong, and each person's own.
pub fn password(person: Person) -> &'static str {
    match person {
        Person::Victim => "correct tapir battery 41 staple",
        Person::Attacker => "purple walrus 93 dictaphone lamp",
    }
}

/// The configured connection that plays one of the model's.
pub fn connection(number: u8) -> &'static str {
    if number == HONEST { "a" } else { "b" }
}

pub fn connection_of(identity: u8) -> &'static str {
    connection(IDENTITY[usize::from(identity)].1)
}

pub fn provider(world: &World, identity: u8) -> &Provider {
    if connection_of(identity) == "a" { &world.a } else { &world.b }
}
