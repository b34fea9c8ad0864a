//! The pool of hashing threads.

use super::{MAX_BYTES, Weak, normalized, strength};
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use model::{Random, Secret};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

/// OWASP password storage, first choice with little memory: argon2id, 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Imported hashes may cost more than ours, but not so much that a few of them stop the server.
const MEMORY_KIB_MAX: u32 = 64 * 1024;
const PASSES_MAX: u32 = 16;
const OUTPUT_BYTES: usize = 32;

/// What is verified against for a user without a password, so that the answer takes as long (T123). It is the hash of
/// nothing anybody knows: its output was drawn at random.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$72u7HJGRhYybeG4XFZP4yg$CAE4kBN3DzB/imXAuEu2bjLfft0WoqA39soLXPp87W0";

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The queue is full: try again later.
    #[error("too many passwords are being checked")]
    Busy,
    #[error("the password is longer than 1024 bytes")]
    TooLong,
    /// It could be guessed, and was not hashed.
    #[error("the password is too weak")]
    Weak(Weak),
    /// The cost settings were refused by the hash function: a defect of this file.
    #[error("the password could not be hashed")]
    Failed,
}

#[derive(Debug, Clone, Copy)]
pub struct PoolSettings {
    pub threads: usize,
    /// Passwords that may wait for a thread.
    pub queue: usize,
    /// After so long without work a thread ends and its memory is given back.
    pub idle: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { threads, queue: 64, idle: Duration::from_mins(1) }
    }
}

/// Hashes and verifies passwords. Clones share one pool.
#[derive(Clone)]
pub struct PasswordPool(Arc<Shared>);

struct Shared {
    settings: PoolSettings,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    threads: usize,
    idle: usize,
    /// Places that were given and not yet used.
    admitted: usize,
    closed: bool,
}

/// A place in the queue: whoever holds one is not turned away. It goes with its holder.
pub struct Place(PasswordPool);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.lock().admitted -= 1;
    }
}

impl Place {
    /// As [`PasswordPool::verify`], at this place.
    pub async fn verify(self, password: &Secret<String>, phc: Option<&Secret<String>>) -> Result<bool, PasswordError> {
        let known = phc.and_then(|phc| StoredHash::read(phc.expose()));
        if phc.is_some() && known.is_none() {
            tracing::error!("a stored password hash cannot be used");
        }
        let real = known.is_some();
        let stored = known.or_else(|| StoredHash::read(DUMMY)).ok_or(PasswordError::Failed)?;
        let expected = stored.output;
        match self.compute(password, None, stored.salt, stored.argon2, expected.len()).await {
            Ok(output) => Ok(bool::from(output.expose().as_bytes().ct_eq(expected.as_bytes())) && real),
            Err(PasswordError::TooLong) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn compute(
        self,
        password: &Secret<String>,
        about: Option<Vec<String>>,
        salt: Salt,
        argon2: Argon2<'static>,
        output_bytes: usize,
    ) -> Result<Secret<Output>, PasswordError> {
        if password.expose().len() > MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        let password = Secret::new(normalized(password.expose()));
        let (reply, answer) = oneshot::channel();
        self.0.submit(Job { password, about, salt, argon2, output_bytes, reply })?;
        // The job stands in the queue now.
        drop(self);
        // A thread that ended without an answer is as good as none.
        answer.await.map_err(|_| PasswordError::Busy)?
    }
}

/// One computation: the password, salt and cost in, the raw output back.
struct Job {
    password: Secret<String>,
    /// Judged first, knowing these texts.
    about: Option<Vec<String>>,
    salt: Salt,
    argon2: Argon2<'static>,
    output_bytes: usize,
    reply: oneshot::Sender<Result<Secret<Output>, PasswordError>>,
}

impl PasswordPool {
    pub fn new(settings: PoolSettings) -> Self {
        let settings = PoolSettings { threads: settings.threads.max(1), ..settings };
        Self(Arc::new(Shared { settings, state: Mutex::default(), work: Condvar::new() }))
    }

    /// A place in the queue, or `Busy` at once.
    pub fn admit(&self) -> Result<Place, PasswordError> {
        let mut state = self.0.lock();
        // Whoever has gone away needs no answer and holds no place.
        state.queue.retain(|job| !job.reply.is_closed());
        if state.queue.len() + state.admitted >= self.0.settings.queue {
            return Err(PasswordError::Busy);
        }
        state.admitted += 1;
        drop(state);
        Ok(Place(self.clone()))
    }

    /// A new PHC string for this password.
    pub async fn hash(&self, password: &Secret<String>, random: &dyn Random) -> Result<Secret<String>, PasswordError> {
        self.hash_judged(password, None, random).await
    }

    /// As [`Self::hash`], unless [`strength`] refuses the password. Judging takes as long as hashing and so is done on
    /// the same threads.
    pub async fn hash_strong(
        &self,
        password: &Secret<String>,
        about: &[&str],
        random: &dyn Random,
    ) -> Result<Secret<String>, PasswordError> {
        let about = about.iter().map(|&text| text.to_owned()).collect();
        self.hash_judged(password, Some(about), random).await
    }

    async fn hash_judged(
        &self,
        password: &Secret<String>,
        about: Option<Vec<String>>,
        random: &dyn Random,
    ) -> Result<Secret<String>, PasswordError> {
        let salt = random.bytes::<16>();
        let salt = Salt::new(&salt).map_err(|_| PasswordError::Failed)?;
        let params = own_params();
        let text = ParamsString::try_from(&params).map_err(|_| PasswordError::Failed)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let output = self.admit()?.compute(password, about, salt, argon2, OUTPUT_BYTES).await?;
        let phc = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: text,
            salt: Some(salt),
            hash: Some(output.into_exposed()),
        };
        Ok(Secret::new(phc.to_string()))
    }

    /// Whether the password belongs to the PHC string. Without one, and with one that cannot be used, it costs the same
    /// and is false; a password that is too long is false at once, whoever it is for. The only error to expect is `Busy`.
    pub async fn verify(&self, password: &Secret<String>, phc: Option<&Secret<String>>) -> Result<bool, PasswordError> {
        self.admit()?.verify(password, phc).await
    }

    /// Whether the hash was made under another cost than today's, and should be made anew at the next sign-in.
    pub fn needs_rehash(phc: &Secret<String>) -> bool {
        !StoredHash::read(phc.expose()).is_some_and(|hash| hash.current)
    }

    fn submit(&self, job: Job) -> Result<(), PasswordError> {
        let shared = &self.0;
        let mut state = shared.lock();
        state.queue.push_back(job);
        if state.idle >= state.queue.len() {
            shared.work.notify_one();
        } else if state.threads < shared.settings.threads {
            let worker = Arc::clone(shared);
            let started = std::thread::Builder::new().name("password".to_owned()).spawn(move || worker.run());
            if started.is_ok() {
                state.threads += 1;
            } else if state.threads == 0 {
                state.queue.pop_back();
                return Err(PasswordError::Busy);
            }
        }
        Ok(())
    }

    /// Threads that live now.
    pub fn threads(&self) -> usize {
        self.0.lock().threads
    }
}

impl Drop for PasswordPool {
    fn drop(&mut self) {
        // Threads hold the shared part too, so the last handle is the one beside them.
        let mut state = self.0.lock();
        if Arc::strong_count(&self.0) <= state.threads + 1 {
            state.closed = true;
            self.0.work.notify_all();
        }
    }
}

/// Takes the thread off the count however it ends.
struct Living<'s>(&'s Shared);

impl Drop for Living<'_> {
    fn drop(&mut self) {
        self.0.lock().threads -= 1;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let living = Living(self);
        let mut memory = Memory::default();
        while let Some(job) = self.next() {
            if !job.reply.is_closed() {
                let output = memory.judge_and_hash(&job);
                let _ = job.reply.send(output);
            }
        }
        // The block goes before the count, so that never more blocks exist than threads may.
        drop(memory);
        drop(living);
    }

    /// The next job; `None` after a minute without one.
    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        if state.queue.is_empty() && !state.closed {
            state.idle += 1;
            let waiting = |state: &mut State| state.queue.is_empty() && !state.closed;
            state = self
                .work
                .wait_timeout_while(state, self.settings.idle, waiting)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            state.idle -= 1;
        }
        state.queue.pop_front()
    }
}

/// A thread's memory block.
#[derive(Default)]
struct Memory(Vec<Block>);

/// The allocator gives blocks of more than 32 MiB their own mapping, always, and so returns them to the system when they
/// are freed; smaller ones it may keep. Reserved pages that are never touched cost nothing.
const RESERVED_BLOCKS: usize = 33 * 1024;

impl Memory {
    fn judge_and_hash(&mut self, job: &Job) -> Result<Secret<Output>, PasswordError> {
        if let Some(about) = &job.about {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            strength(job.password.expose(), &about).map_err(PasswordError::Weak)?;
        }
        self.hash(job).ok_or(PasswordError::Failed)
    }

    fn hash(&mut self, job: &Job) -> Option<Secret<Output>> {
        let blocks = job.argon2.params().block_count();
        if self.0.capacity() == 0 {
            self.0.reserve_exact(RESERVED_BLOCKS.max(blocks));
        }
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::new());
        }
        let mut output = [0; Output::MAX_LENGTH];
        let output = output.get_mut(..job.output_bytes)?;
        let password = job.password.expose().as_bytes();
        let done = job.argon2.hash_password_into_with_memory(password, &job.salt, output, &mut self.0[..blocks]);
        if self.0.len() > MEMORY_KIB as usize {
            // An imported hash took more than ours; the next will not.
            self.0 = Vec::new();
        }
        done.ok()?;
        Output::new(output).ok().map(Secret::new)
    }
}

/// A PHC string that can be computed again.
struct StoredHash {
    argon2: Argon2<'static>,
    current: bool,
    salt: Salt,
    output: Output,
}

impl StoredHash {
    /// `None` when it is not argon2, or costs more than the pool gives.
    fn read(phc: &str) -> Option<Self> {
        let hash = PasswordHash::new(phc).ok()?;
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        let version = Version::try_from(hash.version?).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let affordable = params.m_cost() <= MEMORY_KIB_MAX && params.t_cost() <= PASSES_MAX;
        let (salt, output) = (hash.salt?, hash.hash?);
        let ours = own_params();
        let current = algorithm == Algorithm::Argon2id
            && version == Version::V0x13
            && (params.m_cost(), params.t_cost(), params.p_cost()) == (ours.m_cost(), ours.t_cost(), ours.p_cost())
            && output.len() == OUTPUT_BYTES;
        affordable.then(|| Self { argon2: Argon2::new(algorithm, version, params), current, salt, output })
    }
}

fn own_params() -> Params {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_BYTES)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t123_the_dummy_costs_what_ours_costs() {
        assert!(StoredHash::read(DUMMY).unwrap().current);
    }

    /// argon2 reference implementation, test.c: version 0x13, t=2, m=64 MiB, p=1.
    #[test]
    fn computes_the_reference_vector_in_reused_memory() {
        let mut memory = Memory::default();
        for _ in 0..2 {
            let (reply, _answer) = oneshot::channel();
            let params = Params::new(65536, 2, 1, Some(32)).unwrap();
            let job = Job {
                password: Secret::new("password".to_owned()),
                about: None,
                salt: Salt::new(b"somesalt").unwrap(),
                argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
                output_bytes: 32,
                reply,
            };
            let output = memory.hash(&job).unwrap();
            let expected = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
            assert_eq!(output.expose(), &Output::decode(expected).unwrap());
        }
    }
}
