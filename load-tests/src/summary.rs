//! Results: a table for people, a flat JSON object for programs.

use anyhow::Result;
use std::collections::BTreeMap;
use std::path::Path;

/// Named numbers in the order in which they were found.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    lines: Vec<(String, f64, String)>,
}

impl Summary {
    /// Adds a number with what it is.
    pub fn add(&mut self, name: &str, value: f64, what: &str) {
        self.lines.push((name.to_owned(), value, what.to_owned()));
    }

    /// Prints the table.
    pub fn print(&self) {
        println!();
        for (name, value, what) in &self.lines {
            println!("  {name:<28} {:>12}   {what}", number(*value));
        }
    }

    /// Writes the JSON object.
    pub fn write(&self, file: &Path) -> Result<()> {
        let named: BTreeMap<&str, f64> = self
            .lines
            .iter()
            .map(|(name, value, _)| (name.as_str(), *value))
            .collect();
        std::fs::write(file, serde_json::to_vec_pretty(&named)?)?;
        println!("\n  written to {}", file.display());
        Ok(())
    }
}

fn number(value: f64) -> String {
    match value {
        value if value.fract() == 0.0 => format!("{value:.0}"),
        value if value.abs() >= 1_000.0 => format!("{value:.0}"),
        value if value.abs() >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.3}"),
    }
}

/// Gives the middle of some numbers.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    match numbers.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => numbers[count / 2],
        count => (numbers[count / 2 - 1] + numbers[count / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
