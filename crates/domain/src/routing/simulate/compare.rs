//! The same arrivals under several rules.

use super::day::run_by;
use super::router::Rule;
use super::synthetic::{Kind, Recipe, scenario};

/// How much more than the best other rule may be missed, in thousandths of it.
const MARGIN_PERMILLE: usize = 50;

/// Some days of one kind, and what each rule missed of each.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What the days are made of; the seed is that of the first.
    pub recipe: Recipe,
    /// How much came in all.
    pub came: usize,
    /// What each rule of [`Rule::ALL`] missed, day by day.
    pub missed: Vec<[usize; 6]>,
}

/// Lists two hundred kinds of days: five sorts, five sizes of teams, four loads, at once or after an
/// offer.
pub fn two_hundred() -> Vec<Recipe> {
    let mut recipes = Vec::new();
    for kind in Kind::ALL {
        for agents in [3, 5, 8, 14, 24] {
            for load_permille in [900, 950, 1_000, 1_050] {
                for asks in [false, true] {
                    recipes.push(Recipe {
                        kind,
                        agents,
                        load_permille,
                        asks,
                        seed: 100 * recipes.len() as u64,
                    });
                }
            }
        }
    }
    recipes
}

/// Lets every rule have the same days.
pub fn compare(recipe: Recipe, days: u64) -> Comparison {
    let mut comparison = Comparison {
        recipe,
        came: 0,
        missed: Vec::new(),
    };
    for day in 0..days {
        let seed = recipe.seed + day;
        let scenario = scenario(Recipe { seed, ..recipe });
        comparison.came += scenario.arrivals.len();
        let missed = Rule::ALL.map(|rule| run_by(rule, &scenario).all.missed);
        comparison.missed.push(missed);
    }
    comparison
}

impl Comparison {
    /// Returns what a rule missed in all.
    pub fn missed_by(&self, rule: Rule) -> usize {
        let place = Rule::ALL.iter().position(|one| *one == rule).unwrap_or(0);
        self.missed.iter().map(|day| day[place]).sum()
    }

    /// Returns what the best of all rules missed; it is one rule for all days.
    pub fn best(&self) -> usize {
        let missed = Rule::ALL.map(|rule| self.missed_by(rule));
        missed.into_iter().min().unwrap_or(0)
    }

    /// Tells whether the engine misses at most 1.05 times what the best rule misses, and one.
    ///
    /// The one is for days on which hardly anything is missed: a twentieth of three is none.
    pub fn holds(&self) -> bool {
        let allowed = self.best() * (1_000 + MARGIN_PERMILLE) / 1_000 + 1;
        self.missed_by(Rule::Desk) <= allowed
    }

    /// Tells whether it misses more than that and chance could explain: the deviation of a count of so
    /// many is its root. Of several rules one is luckiest on any days, whatever the rules are worth.
    pub fn is_worse(&self) -> bool {
        let allowed = self.best() * (1_000 + MARGIN_PERMILLE) / 1_000 + 1;
        self.missed_by(Rule::Desk) > allowed + self.best().isqrt()
    }

    /// Counts the single days on which another rule was luckier by more than that.
    pub fn unlucky_days(&self) -> usize {
        let is_unlucky = |day: &&[usize; 6]| {
            let best = day.iter().copied().min().unwrap_or(0);
            day[0] > best * (1_000 + MARGIN_PERMILLE) / 1_000 + 1
        };
        self.missed.iter().filter(is_unlucky).count()
    }
}
