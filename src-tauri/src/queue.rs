//! Which question is asked now, and how a person sees that more wait: "1 of 2".

use std::time::Instant;

use bridge_core::ids::QuestionId;
use serde::{Deserialize, Serialize};

/// The questions since the last time that none waited, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Queue {
    /// Answered ones too, as long as others wait: the number of a question does not change under it.
    burst: Vec<(QuestionId, Instant)>,
    waiting: Vec<QuestionId>,
}

/// `1 of 2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    number: usize,
    of: usize,
}

impl Queue {
    /// Takes in what waits now, oldest first.
    pub(crate) fn update(&mut self, waiting: Vec<QuestionId>, now: Instant) {
        if waiting.is_empty() {
            self.burst.clear();
        }
        for id in &waiting {
            if self.position(id).is_none() {
                self.burst.push((id.clone(), now));
            }
        }
        self.waiting = waiting;
    }

    /// The one question that is asked now.
    pub(crate) fn first(&self) -> Option<&QuestionId> {
        self.waiting.first()
    }

    /// Where a question stands; none when it does not wait.
    pub(crate) fn place(&self, id: &QuestionId) -> Option<Place> {
        self.waiting.contains(id).then_some(())?;
        Some(Place { number: self.position(id)? + 1, of: self.burst.len() })
    }

    /// Since when a question waits, as far as the screen is concerned.
    pub(crate) fn since(&self, id: &QuestionId) -> Option<Instant> {
        self.position(id).map(|at| self.burst[at].1)
    }

    fn position(&self, id: &QuestionId) -> Option<usize> {
        self.burst.iter().position(|(one, _)| one == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(queue: &mut Queue, names: &[&str]) {
        queue.update(names.iter().map(|name| QuestionId::new(*name)).collect(), Instant::now());
    }

    fn place(queue: &Queue, name: &str) -> Option<(usize, usize)> {
        queue.place(&QuestionId::new(name)).map(|place| (place.number, place.of))
    }

    #[test]
    fn questions_are_counted_until_none_waits() {
        let mut queue = Queue::default();
        update(&mut queue, &["a"]);
        assert_eq!(place(&queue, "a"), Some((1, 1)));
        update(&mut queue, &["a", "b"]);
        assert_eq!((place(&queue, "a"), place(&queue, "b")), (Some((1, 2)), Some((2, 2))));
        update(&mut queue, &["b"]);
        assert_eq!((place(&queue, "a"), place(&queue, "b")), (None, Some((2, 2))));
        assert_eq!(queue.first(), Some(&QuestionId::new("b")));
        update(&mut queue, &[]);
        update(&mut queue, &["c"]);
        assert_eq!(place(&queue, "c"), Some((1, 1)));
    }
}
