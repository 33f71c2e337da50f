//! A campaign: many runs, each stopped or disturbed somewhere else, and what was found.

use std::io::Write as _;

/// Whether everything is to be tried, however long it takes.
pub(crate) fn is_long() -> bool {
    std::env::var_os("VHD_PORTER_LONG").is_some_and(|value| value != "0")
}

/// All of `items` in a long campaign; else `count` of them, spread evenly, the first and the last among them.
pub(crate) fn spread<T>(items: Vec<T>, count: usize) -> Vec<T> {
    if is_long() || items.len() <= count {
        return items;
    }
    let last = items.len() - 1;
    let chosen: Vec<usize> = (0..count).map(|index| index * last / (count - 1)).collect();
    items.into_iter().enumerate().filter(|(index, _)| chosen.contains(index)).map(|(_, item)| item).collect()
}

/// What was tried, and what was wrong.
pub(crate) struct Campaign {
    name: String,
    states: usize,
    violations: Vec<String>,
}

impl Campaign {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), states: 0, violations: Vec::new() }
    }

    /// Notes a state, and what is wrong in it.
    pub(crate) fn state(&mut self, what: &dyn std::fmt::Display, wrong: &[String]) {
        self.states += 1;
        if !wrong.is_empty() {
            self.violations.push(format!("{what}\n    {}", wrong.join("\n    ")));
        }
    }

    /// Says what was tried; fails if anything was wrong, or nothing was tried.
    #[track_caller]
    pub(crate) fn end(self) {
        let Self { name, states, violations } = self;
        // Past the harness, which keeps what a passing test prints to itself.
        let _ = writeln!(std::io::stderr(), "{name}: {states} states, {} violations", violations.len());
        assert!(states > 0, "{name}: nothing was tried");
        assert!(violations.is_empty(), "{name}:\n{}", violations.join("\n"));
    }
}

#[test]
fn a_spread_has_both_ends() {
    if !is_long() {
        assert_eq!(spread((0..10).collect(), 4), [0, 3, 6, 9]);
        assert_eq!(spread(vec![1, 2], 4), [1, 2]);
    }
}
