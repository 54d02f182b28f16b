//! What makes a queue's policy and a rule such that they may be saved.

use super::limit::{Limited, Verdict};
use super::model::{LengthLimit, Queue, Relax, Skills, WaitLimit};
use super::rules::Rule;
use crate::condition::{Fault, Problem};

/// How many steps a ladder may have.
pub const MAX_STEPS: usize = 32;
/// The highest rank that a step may name.
pub const MAX_RANK: u8 = 9;
/// How many skills and groups an expression may have.
pub const MAX_SKILLS: usize = 20;

/// Lists everything that has to be mended in a queue's policy before it is saved.
pub fn queue_faults(queue: &Queue) -> Vec<Fault> {
    let mut faults = Vec::new();
    if queue.ladder.len() > MAX_STEPS {
        let mend = format!(
            "use at most {MAX_STEPS} steps, here are {}",
            queue.ladder.len()
        );
        faults.push(fault("ladder", Problem::TooLarge, mend));
    }
    if queue.ranks > MAX_RANK {
        let mend = format!("use ranks up to {MAX_RANK}");
        faults.push(fault("ranks", Problem::TooLarge, mend));
    }
    let is_ordered = queue.ladder.is_sorted_by_key(|step| step.after_seconds);
    if !is_ordered {
        let mend = "put the steps in the order of their times".to_owned();
        faults.push(fault("ladder", Problem::Contradiction, mend));
    }
    for (place, step) in queue.ladder.iter().enumerate() {
        step_faults(
            queue,
            &format!("ladder[{place}].relax"),
            &step.relax,
            &mut faults,
        );
    }
    let limits = [
        (
            "length_limit",
            queue.length_limit.as_ref().map(LengthLimit::verdict),
        ),
        (
            "wait_limit",
            queue.wait_limit.as_ref().map(WaitLimit::verdict),
        ),
    ];
    for (path, verdict) in limits {
        faults.extend(verdict.and_then(|verdict| limit_fault(queue, path, verdict)));
    }
    faults
}

fn limit_fault(queue: &Queue, path: &str, verdict: Verdict<'_>) -> Option<Fault> {
    let (path, problem, mend) = match verdict {
        Verdict::Overflow(to) if to == queue.id => (
            format!("{path}.outcome"),
            Problem::Contradiction,
            "let it overflow to another queue",
        ),
        Verdict::Told(Limited::Answer, None) => (
            format!("{path}.outcome.answer"),
            Problem::Empty,
            "say what the customer is answered",
        ),
        Verdict::Told(_, None) => (
            format!("{path}.text"),
            Problem::Empty,
            "say what the customer is told",
        ),
        Verdict::Overflow(_) | Verdict::Told(..) => return None,
    };
    Some(fault(&path, problem, mend.to_owned()))
}

/// Lists everything that has to be mended in a rule before it is saved.
pub fn rule_faults(rule: &Rule) -> Vec<Fault> {
    let mut faults = Vec::new();
    if rule.name.trim().is_empty() {
        let mend = "give it a name".to_owned();
        faults.push(fault("name", Problem::Empty, mend));
    }
    if let Err(invalid) = rule.when.validate() {
        faults.extend(invalid.faults.into_iter().map(|found| Fault {
            path: format!("when.{}", found.path),
            ..found
        }));
    }
    if let Some(skills) = &rule.then.skills {
        skill_faults(skills, "then.skills", &mut faults);
    }
    faults
}

/// Lists everything that has to be mended in what work asks for.
pub fn skill_faults(skills: &Skills, path: &str, faults: &mut Vec<Fault>) {
    let nodes = check_skills(skills, path, faults);
    if nodes > MAX_SKILLS {
        let mend = format!("use at most {MAX_SKILLS} skills and groups, here are {nodes}");
        faults.push(fault(path, Problem::TooLarge, mend));
    }
}

fn step_faults(queue: &Queue, path: &str, relax: &Relax, faults: &mut Vec<Fault>) {
    match relax {
        Relax::Overflow(other) if *other == queue.id => {
            let mend = "let it overflow to another queue".to_owned();
            faults.push(fault(path, Problem::Contradiction, mend));
        }
        Relax::Skills(names) if names.is_empty() => {
            let mend = "name at least one skill, or use all_skills".to_owned();
            faults.push(fault(path, Problem::Empty, mend));
        }
        Relax::Ranks(up_to) if *up_to > MAX_RANK => {
            let mend = format!("use ranks up to {MAX_RANK}");
            faults.push(fault(path, Problem::TooLarge, mend));
        }
        Relax::Ranks(up_to) if *up_to <= queue.ranks => {
            let mend = format!(
                "members up to rank {} are asked from the beginning",
                queue.ranks
            );
            faults.push(fault(path, Problem::Contradiction, mend));
        }
        _ => {}
    }
}

/// Counts the nodes.
fn check_skills(skills: &Skills, path: &str, faults: &mut Vec<Fault>) -> usize {
    let mut open = vec![(skills, path.to_owned())];
    let mut nodes = 0;
    while let Some((skills, path)) = open.pop() {
        nodes += 1;
        match skills {
            Skills::All(parts) | Skills::Any(parts) => {
                let is_any = matches!(skills, Skills::Any(_));
                if is_any && parts.is_empty() {
                    let mend = "name at least one skill; without any nobody can do it".to_owned();
                    faults.push(fault(&path, Problem::Empty, mend));
                }
                let name = if is_any { "any" } else { "all" };
                let parts = parts.iter().enumerate().rev();
                open.extend(parts.map(|(place, part)| (part, format!("{path}.{name}[{place}]"))));
            }
            Skills::Not(part) => open.push((part, format!("{path}.not"))),
            Skills::Has(skill) => {
                if skill.name.trim().is_empty() {
                    let mend = "name the skill".to_owned();
                    faults.push(fault(&format!("{path}.has.name"), Problem::Empty, mend));
                }
                if skill.level == 0 {
                    let mend = "ask for level 1 at least; everybody has level 0".to_owned();
                    faults.push(fault(
                        &format!("{path}.has.level"),
                        Problem::Contradiction,
                        mend,
                    ));
                }
            }
        }
    }
    nodes
}

fn fault(path: &str, problem: Problem, mend: String) -> Fault {
    Fault {
        path: path.to_owned(),
        problem,
        mend,
    }
}
