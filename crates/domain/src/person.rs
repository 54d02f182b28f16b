//! Which contacts are one person.
//!
//! A contact that turns out to be somebody known is linked into that contact; nothing of it moves.
//! Its addresses, conversations, name and consent stay its own, and what is shown for the person is
//! read over all contacts of its tree. That is why unlinking restores exactly what was before,
//! whatever was linked, unlinked or added meanwhile and in whatever order: it takes one edge away.
//!
//! ```text
//! linked_into   the contact that this one was linked into; none for the person's own
//! person        the top of the tree, kept beside it so that reading needs one step
//! ```

use crate::id::ContactId;

/// A contact's place in its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    /// Which contact.
    pub contact: ContactId,
    /// The contact that it was linked into.
    pub linked_into: Option<ContactId>,
    /// The top of the tree; `None` where this is the top.
    pub person: Option<ContactId>,
}

impl Member {
    /// Returns a contact that is nobody else.
    pub fn alone(contact: ContactId) -> Self {
        let (linked_into, person) = (None, None);
        Self {
            contact,
            linked_into,
            person,
        }
    }

    /// Returns the contact that stands for the person.
    pub fn top(self) -> ContactId {
        self.person.unwrap_or(self.contact)
    }
}

/// Why two contacts cannot be linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkRefusal {
    /// They are one person already.
    SamePerson,
    /// The contact was linked into another before; that link has to be undone first.
    AlreadyLinked,
}

/// Links `contact`, with all that were linked into it, into `into`.
///
/// `members` are all contacts of both persons; returned are those that change.
pub fn link(members: &[Member], contact: Member, into: Member) -> Result<Vec<Member>, LinkRefusal> {
    if contact.top() == into.top() {
        return Err(LinkRefusal::SamePerson);
    }
    if contact.linked_into.is_some() {
        return Err(LinkRefusal::AlreadyLinked);
    }
    let below = subtree(members, contact.contact);
    Ok(below
        .into_iter()
        .map(|member| Member {
            person: Some(into.top()),
            linked_into: match member.contact == contact.contact {
                true => Some(into.contact),
                false => member.linked_into,
            },
            ..member
        })
        .collect())
}

/// Takes `contact`, with all that were linked into it, out of the person; `None` where it was not
/// linked.
///
/// `members` are all contacts of the person; returned are those that change.
pub fn unlink(members: &[Member], contact: Member) -> Option<Vec<Member>> {
    contact.linked_into?;
    let top = contact.contact;
    let below = subtree(members, top);
    Some(
        below
            .into_iter()
            .map(|member| match member.contact == top {
                true => Member::alone(top),
                false => Member {
                    person: Some(top),
                    ..member
                },
            })
            .collect(),
    )
}

/// Returns a contact and all that were linked into it, directly or through others.
fn subtree(members: &[Member], top: ContactId) -> Vec<Member> {
    let mut found: Vec<Member> = Vec::new();
    found.extend(members.iter().filter(|member| member.contact == top));
    let mut next = 0;
    while let Some(parent) = found.get(next).map(|member| member.contact) {
        let is_child = |member: &&Member| member.linked_into == Some(parent);
        found.extend(members.iter().filter(is_child));
        next += 1;
    }
    found
}
