//! How long a run will go on.

use std::time::Instant;

use zkmargin_prover::engine::proof::Part;

/// What remains to be done, judged by the proofs that were made, and until there is one by how far it
/// is. A proof that is there already takes no time, and is known when its turn comes.
#[derive(Debug, Default)]
pub struct Remaining {
    /// One after the last shard of this command; that of the book where it is none.
    end: Option<usize>,
    /// Shards of the book.
    shards: usize,
    /// The shard whose turn it is.
    index: usize,
    /// When its witness was begun.
    since: Option<Instant>,
    made: u32,
    /// Seconds they took.
    spent: f64,
    /// Seconds that a proof takes, as judged by its parts.
    judged: Option<f64>,
}

/// What is done of a proof when a part begins, from its witness on: the shares of time that
/// `docs/ledger.md` has for `retail-18`. None where it is too little to judge by.
fn done_before(part: Part) -> Option<f64> {
    match part {
        Part::FirstPhase => None,
        Part::SecondPhase => Some(0.31),
        Part::Arguments => Some(0.45),
        Part::Quotient => Some(0.49),
        Part::Opening => Some(0.95),
    }
}

impl Remaining {
    /// This command ends with the shard `last`.
    pub fn until(&mut self, last: usize) {
        self.end = Some(last.saturating_add(1));
    }

    /// A shard's turn begins.
    pub fn begin(&mut self, index: usize, shards: usize) {
        self.index = index;
        self.shards = shards;
        self.since = None;
    }

    /// Its witness is begun.
    pub fn proving(&mut self) {
        self.since = Some(Instant::now());
    }

    /// A part of its proof is begun.
    pub fn part(&mut self, part: Part) {
        if let (Some(done), Some(since)) = (done_before(part), self.since) {
            self.judged = Some(since.elapsed().as_secs_f64() / done);
        }
    }

    /// It is proven.
    pub fn done(&mut self, wall_s: f64) {
        self.made += 1;
        self.spent += wall_s;
        self.index += 1;
        self.since = None;
    }

    /// The shard whose turn it is and the number of all, where there are many.
    pub fn place(&self) -> Option<(usize, usize)> {
        (self.shards > 1).then_some((self.index, self.shards))
    }

    /// Seconds that remain, where they are those of the only proof.
    pub fn of_one_proof(&self) -> Option<f64> {
        self.seconds().filter(|_| self.shards == 1)
    }

    /// Seconds that remain.
    pub fn seconds(&self) -> Option<f64> {
        let each = match self.made {
            0 => self.judged?,
            made => self.spent / f64::from(made),
        };
        let end = self.end.unwrap_or(self.shards);
        let left = end.saturating_sub(self.index) as f64 * each;
        // Of the one that is being made something is done, but no more than all.
        let done = self
            .since
            .map_or(0.0, |since| since.elapsed().as_secs_f64());
        Some(left - done.min(each).min(left))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn judges_what_remains_by_what_was_made() {
        let mut remaining = Remaining::default();
        remaining.begin(0, 6);
        assert_eq!(remaining.seconds(), None);
        remaining.done(10.0);
        assert_eq!(remaining.seconds(), Some(50.0));
        // Two that were there already are passed over.
        remaining.begin(3, 6);
        remaining.proving();
        let seconds = remaining.seconds().unwrap();
        assert!((29.0..=30.0).contains(&seconds), "{seconds}");
        remaining.done(20.0);
        assert_eq!(remaining.seconds(), Some(30.0));
        // A machine that was given shards 2 and 3 has nothing left.
        remaining.until(3);
        assert_eq!(remaining.seconds(), Some(0.0));
    }

    #[test]
    fn judges_the_first_proof_by_how_far_it_is() {
        let mut remaining = Remaining::default();
        remaining.begin(0, 1);
        remaining.since = Instant::now().checked_sub(Duration::from_secs(45));
        remaining.part(Part::FirstPhase);
        assert_eq!(remaining.of_one_proof(), None);
        remaining.part(Part::Arguments);
        let seconds = remaining.of_one_proof().unwrap();
        assert!((54.0..56.0).contains(&seconds), "{seconds}");
        remaining.shards = 3;
        assert_eq!(remaining.of_one_proof(), None);
        let seconds = remaining.seconds().unwrap();
        assert!((253.0..257.0).contains(&seconds), "{seconds}");
        // It takes longer than it was judged to.
        remaining.since = Instant::now().checked_sub(Duration::from_secs(500));
        let seconds = remaining.seconds().unwrap();
        assert!((199.0..202.0).contains(&seconds), "{seconds}");
    }

    #[test]
    fn the_parts_come_one_after_the_other() {
        let parts = [
            Part::FirstPhase,
            Part::SecondPhase,
            Part::Arguments,
            Part::Quotient,
            Part::Opening,
        ];
        let done = parts.map(|part| done_before(part).unwrap_or_default());
        assert!(done.is_sorted() && done.iter().all(|share| *share < 1.0));
    }
}
