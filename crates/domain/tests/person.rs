//! Linking and unlinking contacts, over random sequences.

use interdesk_domain::consent::{Consent, Signal};
use interdesk_domain::id::ContactId;
use interdesk_domain::person::{LinkRefusal, Member, link, unlink};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// All that hangs on contacts: nothing of it may change by a link and its undoing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Graph {
    contacts: BTreeMap<ContactId, Member>,
    identities: BTreeMap<u32, ContactId>,
    conversations: BTreeMap<u32, ContactId>,
    consents: BTreeMap<ContactId, Consent>,
}

#[derive(Debug, Clone)]
enum Step {
    Link(usize, usize),
    Unlink(usize),
    Write(usize),
    Say(usize, Signal),
}

impl Graph {
    fn of(contacts: usize) -> Self {
        let mut graph = Self::default();
        for n in 0..contacts {
            graph.contacts.insert(id(n), Member::alone(id(n)));
        }
        graph
    }

    fn members(&self) -> Vec<Member> {
        self.contacts.values().copied().collect()
    }

    fn write(&mut self, changed: Vec<Member>) {
        for member in changed {
            self.contacts.insert(member.contact, member);
        }
    }

    fn link(&mut self, contact: usize, into: usize) -> Result<(), LinkRefusal> {
        let (contact, into) = (self.contacts[&id(contact)], self.contacts[&id(into)]);
        let changed = link(&self.members(), contact, into)?;
        self.write(changed);
        Ok(())
    }

    fn unlink(&mut self, contact: usize) -> bool {
        let changed = unlink(&self.members(), self.contacts[&id(contact)]);
        let was_linked = changed.is_some();
        self.write(changed.unwrap_or_default());
        was_linked
    }

    fn apply(&mut self, step: &Step) {
        match *step {
            Step::Link(contact, into) => drop(self.link(contact, into)),
            Step::Unlink(contact) => drop(self.unlink(contact)),
            Step::Write(contact) => {
                let next = self.identities.len() as u32;
                self.identities.insert(next, id(contact));
                self.conversations.insert(next, id(contact));
            }
            Step::Say(contact, signal) => {
                let said = self.consents.entry(id(contact)).or_default();
                *said = said.after(signal);
            }
        }
    }

    fn consent(&self, contact: usize) -> Consent {
        let top = self.contacts[&id(contact)].top();
        let of_person = self.contacts.values().filter(|member| member.top() == top);
        let said = |member: &Member| self.consents.get(&member.contact).copied();
        Consent::of_person(of_person.filter_map(said))
    }

    /// Who is one person with whom.
    fn persons(&self) -> BTreeSet<BTreeSet<ContactId>> {
        let mut persons: BTreeMap<ContactId, BTreeSet<ContactId>> = BTreeMap::new();
        for member in self.contacts.values() {
            let person = persons.entry(member.top()).or_default();
            person.insert(member.contact);
        }
        persons.into_values().collect()
    }
}

fn id(n: usize) -> ContactId {
    ContactId(Uuid::from_u128(n as u128))
}

const CONTACTS: usize = 6;

fn step() -> impl Strategy<Value = Step> {
    let who = 0..CONTACTS;
    let signal = prop_oneof![
        Just(Signal::Message),
        Just(Signal::Invitation),
        Just(Signal::OptIn),
        Just(Signal::OptOut),
    ];
    prop_oneof![
        4 => (who.clone(), who.clone()).prop_map(|(a, b)| Step::Link(a, b)),
        2 => who.clone().prop_map(Step::Unlink),
        1 => who.clone().prop_map(Step::Write),
        1 => (who, signal).prop_map(|(a, signal)| Step::Say(a, signal)),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(), 0..40)
}

proptest! {
    #[test]
    fn unlinking_what_was_linked_gives_the_same_graph_back(
        before in steps(), a in 0..CONTACTS, b in 0..CONTACTS,
    ) {
        let mut graph = Graph::of(CONTACTS);
        before.iter().for_each(|step| graph.apply(step));
        let original = graph.clone();
        if graph.link(a, b).is_ok() {
            prop_assert_ne!(&graph, &original);
            prop_assert!(graph.unlink(a));
        }
        prop_assert_eq!(graph, original);
    }

    #[test]
    fn links_are_undone_in_any_order(before in steps(), order in Just((0..CONTACTS).collect::<Vec<_>>()).prop_shuffle()) {
        let mut graph = Graph::of(CONTACTS);
        before.iter().for_each(|step| graph.apply(step));
        let (identities, conversations) = (graph.identities.clone(), graph.conversations.clone());
        for contact in order {
            graph.unlink(contact);
        }
        let alone = Graph::of(CONTACTS);
        prop_assert_eq!(graph.contacts, alone.contacts);
        prop_assert_eq!((graph.identities, graph.conversations), (identities, conversations));
    }

    #[test]
    fn an_undone_link_leaves_only_what_happened_beside_it(
        between in steps(), a in 0..CONTACTS, b in 0..CONTACTS,
    ) {
        // What does not touch the link itself happens the same with and without it.
        let beside = |step: &&Step| match step {
            Step::Link(contact, into) => ![a, b].contains(contact) && ![a, b].contains(into),
            Step::Unlink(contact) => ![a, b].contains(contact),
            Step::Write(_) | Step::Say(..) => true,
        };
        let (mut linked, mut never) = (Graph::of(CONTACTS), Graph::of(CONTACTS));
        let was_linked = linked.link(a, b).is_ok();
        for step in between.iter().filter(beside) {
            linked.apply(step);
            never.apply(step);
        }
        if was_linked {
            prop_assert!(linked.unlink(a));
        }
        prop_assert_eq!(linked, never);
    }

    #[test]
    fn every_tree_has_one_top_that_all_its_members_name(all in steps()) {
        let mut graph = Graph::of(CONTACTS);
        for step in &all {
            graph.apply(step);
            for member in graph.contacts.values() {
                let mut at = *member;
                for _ in 0..CONTACTS {
                    let Some(into) = at.linked_into else { break };
                    at = graph.contacts[&into];
                }
                prop_assert_eq!(at.linked_into, None);
                prop_assert_eq!(member.top(), at.contact);
                prop_assert_eq!(member.person.is_none(), member.linked_into.is_none());
            }
        }
        let sum: usize = graph.persons().iter().map(BTreeSet::len).sum();
        prop_assert_eq!(sum, CONTACTS);
    }

    #[test]
    fn linking_never_lifts_a_no(before in steps(), a in 0..CONTACTS, b in 0..CONTACTS) {
        let mut graph = Graph::of(CONTACTS);
        before.iter().for_each(|step| graph.apply(step));
        let forbidden = graph.consent(a).forbids() || graph.consent(b).forbids();
        if graph.link(a, b).is_ok() {
            prop_assert_eq!(graph.consent(a).forbids(), forbidden);
            prop_assert_eq!(graph.consent(b).forbids(), forbidden);
        }
    }
}

#[test]
fn refusals_say_what_is_in_the_way() {
    let mut graph = Graph::of(3);
    assert_eq!(graph.link(0, 0), Err(LinkRefusal::SamePerson));
    assert_eq!(graph.link(1, 0), Ok(()));
    assert_eq!(graph.link(1, 0), Err(LinkRefusal::SamePerson));
    assert_eq!(graph.link(0, 1), Err(LinkRefusal::SamePerson));
    assert_eq!(graph.link(1, 2), Err(LinkRefusal::AlreadyLinked));
    assert!(!graph.unlink(0));
}
