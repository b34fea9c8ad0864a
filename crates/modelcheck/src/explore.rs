//! Breadth-first over everything that can happen, on all cores, with every state kept whole.

use crate::act::{Step, steps};
use crate::check::{self, Violation};
use crate::decide::{Kind, Mutation, World};
use crate::names::Names;
use crate::plan::Guard;
use crate::setup::Setup;
use crate::state::{Packed, State};
use crate::step::{Memory, Outcome, Waiting, forget, step};
use hashbrown::HashTable;
use linking::Reason;
use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How far to go.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// Distinct states of one setup.
    pub states: usize,
    pub time: Duration,
    pub threads: usize,
}

/// What an exploration reached.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    pub rows: BTreeSet<u8>,
    pub reasons: BTreeSet<Reason>,
    /// Guards that stood in a committed plan, and those that refused one.
    pub guards: BTreeSet<(Kind, Guard)>,
    pub refusals: BTreeSet<(Kind, Guard)>,
}

impl Coverage {
    pub fn join(&mut self, other: &Self) {
        self.rows.extend(&other.rows);
        self.reasons.extend(&other.reasons);
        self.guards.extend(&other.guards);
        self.refusals.extend(&other.refusals);
    }

    fn see(&mut self, outcome: &Outcome) {
        if let Some(decided) = &outcome.decided {
            self.reasons.insert(decided.reason);
            self.rows.extend(decided.row);
        }
        if let Some((kind, plan)) = &outcome.committed {
            self.guards.extend(plan.iter().filter_map(|op| Some((*kind, op.guard()?))));
        }
        self.refusals.extend(outcome.conflict);
    }
}

#[derive(Debug, Clone)]
pub struct Found {
    pub violation: Violation,
    /// From a first state.
    pub trace: Vec<(Step, State)>,
    pub start: State,
}

#[derive(Debug, Clone)]
pub struct Report {
    pub setup: &'static str,
    pub states: usize,
    pub transitions: usize,
    pub depth: usize,
    /// States that were found and not looked at any more: none when the setup was exhausted.
    pub frontier: usize,
    pub time: Duration,
    pub coverage: Coverage,
    pub found: Option<Found>,
}

const SHARDS: usize = 64;
/// A state's place: the shard in the low bits.
pub type Place = u32;

struct Shard {
    states: Vec<Packed>,
    /// The place a state was reached from, and the number of the step there.
    parents: Vec<(Place, u16)>,
    places: HashTable<u32>,
}

pub struct Visited {
    shards: Vec<Mutex<Shard>>,
    hasher: foldhash::fast::FixedState,
    count: AtomicUsize,
}

impl Visited {
    fn new() -> Self {
        let shard = || Mutex::new(Shard { states: Vec::new(), parents: Vec::new(), places: HashTable::new() });
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            hasher: foldhash::fast::FixedState::default(),
            count: AtomicUsize::new(0),
        }
    }

    fn lock(&self, shard: usize) -> std::sync::MutexGuard<'_, Shard> {
        self.shards[shard].lock().expect("no thread panics while it holds this")
    }

    /// The place of a state, and whether it is new.
    fn insert(&self, state: Packed, parent: (Place, u16)) -> (Place, bool) {
        let hash = self.hasher.hash_one(state);
        let number = (hash >> 58) as usize % SHARDS;
        let mut guard = self.lock(number);
        let Shard { states, parents, places } = &mut *guard;
        if let Some(&known) = places.find(hash, |&at| states[at as usize] == state) {
            return (known << 6 | number as u32, false);
        }
        let at = states.len() as u32;
        states.push(state);
        parents.push(parent);
        let hasher = &self.hasher;
        places.insert_unique(hash, at, |&at| hasher.hash_one(states[at as usize]));
        self.count.fetch_add(1, Ordering::Relaxed);
        (at << 6 | number as u32, true)
    }

    pub fn get(&self, place: Place) -> (Packed, (Place, u16)) {
        let shard = self.lock(place as usize % SHARDS);
        let at = (place >> 6) as usize;
        (shard.states[at], shard.parents[at])
    }

    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Some of the places, evenly spread: for sampling.
    pub fn sample(&self, wanted: usize) -> Vec<Place> {
        let every = (self.count() / wanted.max(1)).max(1);
        let mut places = Vec::new();
        for number in 0..SHARDS {
            let size = self.lock(number).states.len();
            places.extend((0..size).step_by(every).map(|at| (at as u32) << 6 | number as u32));
        }
        places
    }
}

const START: u16 = u16::MAX;

/// A run over one setup.
pub struct Exploration<'a> {
    pub world: World<'a>,
    pub waiting: Waiting,
    pub visited: Visited,
}

/// All that can happen, with what a fault adds.
pub fn all_steps(world: &World<'_>, state: &State) -> Vec<Step> {
    let mut list = steps(world.setup, state);
    world.mutant.more_acts(world.setup, state, &mut list);
    list
}

impl<'a> Exploration<'a> {
    pub fn new(setup: &'a Setup, names: &'a Names, mutant: &'a dyn Mutation) -> Self {
        Self { world: World { setup, names, mutant }, waiting: Waiting::default(), visited: Visited::new() }
    }

    fn pack(&self, state: &State) -> Packed {
        // Users are interchangeable where nothing tells the victim's two apart from outside.
        let setup = self.world.setup;
        state.pack(setup.second_user && !setup.events.user_names && setup.protected == 0)
    }

    pub fn successor(&self, memory: &mut Memory, state: &State, next: Step) -> Option<Outcome> {
        let mut outcome = step(&self.world, &self.waiting, memory, state, next)?;
        forget(self.world.setup, &mut outcome.next);
        Some(outcome)
    }

    /// Explores until everything is seen, the bound is met or an invariant is broken. `tick` hears of progress.
    pub fn run(&self, bound: Bound, tick: &(dyn Fn(usize, usize, usize) + Sync)) -> Report {
        let began = Instant::now();
        let mut frontier = Vec::new();
        for start in &self.world.setup.start {
            let mut start = *start;
            forget(self.world.setup, &mut start);
            let (place, new) = self.visited.insert(self.pack(&start), (0, START));
            if new {
                frontier.push(place);
            }
        }
        let coverage = Mutex::new(Coverage::default());
        let found: Mutex<Option<(Place, u16, Violation)>> = Mutex::new(None);
        let transitions = AtomicUsize::new(0);
        let mut depth = 0;
        let mut unseen = 0;
        while !frontier.is_empty() {
            let next: Mutex<Vec<Place>> = Mutex::new(Vec::new());
            let cursor = AtomicUsize::new(0);
            let stop = AtomicBool::new(false);
            std::thread::scope(|scope| {
                for _ in 0..bound.threads {
                    scope.spawn(|| {
                        let level =
                            Level { run: self, bound, began, stop: &stop, found: &found, transitions: &transitions };
                        let (seen, reached) =
                            level.work(&frontier, &cursor, &|| tick(self.visited.count(), depth, frontier.len()));
                        coverage.lock().expect("no thread panics").join(&seen);
                        next.lock().expect("no thread panics").extend(reached);
                    });
                }
            });
            let taken = cursor.load(Ordering::Relaxed).min(frontier.len());
            let reached = next.into_inner().expect("no thread panics");
            if stop.load(Ordering::Relaxed) {
                unseen = frontier.len() - taken + reached.len();
                break;
            }
            depth += 1;
            frontier = reached;
        }
        let found = found.into_inner().expect("no thread panics");
        Report {
            setup: self.world.setup.name,
            states: self.visited.count(),
            transitions: transitions.load(Ordering::Relaxed),
            depth,
            frontier: unseen,
            time: began.elapsed(),
            coverage: coverage.into_inner().expect("no thread panics"),
            found: found.map(|(place, number, violation)| {
                let (start, mut trace) = self.trace(place);
                let last = trace.last().map_or(start, |(_, state)| *state);
                if number != START {
                    let next = all_steps(&self.world, &last)[usize::from(number)];
                    let mut memory = Memory::default();
                    let state = self.successor(&mut memory, &last, next).map_or(last, |outcome| outcome.next);
                    trace.push((next, state));
                }
                Found { violation, trace, start }
            }),
        }
    }

    /// The steps that lead to a state. A packed state may have its two users exchanged, so the numbers of the steps are
    /// those of the packed ones, and so is the trace.
    pub fn trace(&self, place: Place) -> (State, Vec<(Step, State)>) {
        let mut places = vec![place];
        loop {
            let (_, (parent, number)) = self.visited.get(*places.last().expect("one at least"));
            if number == START {
                break;
            }
            places.push(parent);
        }
        places.reverse();
        let states: Vec<State> = places.iter().map(|at| State::unpack(self.visited.get(*at).0)).collect();
        let mut trace = Vec::new();
        for (at, pair) in places[1..].iter().zip(states.windows(2)) {
            let (_, (_, number)) = self.visited.get(*at);
            trace.push((all_steps(&self.world, &pair[0])[usize::from(number)], pair[1]));
        }
        (states[0], trace)
    }
}

struct Level<'a, 'b> {
    run: &'a Exploration<'b>,
    bound: Bound,
    began: Instant,
    stop: &'a AtomicBool,
    found: &'a Mutex<Option<(Place, u16, Violation)>>,
    transitions: &'a AtomicUsize,
}

const BATCH: usize = 256;

impl Level<'_, '_> {
    fn work(&self, frontier: &[Place], cursor: &AtomicUsize, tick: &dyn Fn()) -> (Coverage, Vec<Place>) {
        let mut coverage = Coverage::default();
        let mut reached = Vec::new();
        let mut memory = Memory::default();
        loop {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let from = cursor.fetch_add(BATCH, Ordering::Relaxed);
            if from >= frontier.len() {
                break;
            }
            for &place in &frontier[from..(from + BATCH).min(frontier.len())] {
                self.look(place, &mut memory, &mut coverage, &mut reached);
            }
            tick();
            if self.run.visited.count() >= self.bound.states || self.began.elapsed() >= self.bound.time {
                self.stop.store(true, Ordering::Relaxed);
            }
        }
        (coverage, reached)
    }

    fn look(&self, place: Place, memory: &mut Memory, coverage: &mut Coverage, reached: &mut Vec<Place>) {
        let run = self.run;
        let setup = run.world.setup;
        let state = State::unpack(run.visited.get(place).0);
        if let Err(violation) = check::state(setup, &state) {
            self.report(place, START, violation);
            return;
        }
        let mut count = 0;
        for (number, next) in all_steps(&run.world, &state).into_iter().enumerate() {
            let Some(outcome) = run.successor(memory, &state, next) else { continue };
            count += 1;
            coverage.see(&outcome);
            let checked =
                check::outcome(setup, &state, next, &outcome).and_then(|()| check::state(setup, &outcome.next));
            if let Err(violation) = checked {
                self.report(place, number as u16, violation);
                return;
            }
            let (at, new) = run.visited.insert(run.pack(&outcome.next), (place, number as u16));
            if new {
                reached.push(at);
            }
        }
        self.transitions.fetch_add(count, Ordering::Relaxed);
    }

    fn report(&self, place: Place, number: u16, violation: Violation) {
        let mut found = self.found.lock().expect("no thread panics");
        if found.is_none() {
            *found = Some((place, number, violation));
        }
        self.stop.store(true, Ordering::Relaxed);
    }
}
