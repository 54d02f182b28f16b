//! The words by which a workspace marks conversations.

use super::{Answer, AsideRefusal, done, none, refuse};
use crate::tenant;
use crate::wish::Wish;
use interdesk_domain::condition::{Fault, Problem};
use interdesk_domain::event::Event;
use interdesk_domain::id::TagId;
use interdesk_store::Conn;
use interdesk_store::aside::{self, Tag};
use serde::Serialize;

/// How long a word may be.
const LONGEST: usize = 50;

/// To have a tag, or to describe it otherwise.
#[derive(Debug, Clone, Serialize)]
pub struct TagSave {
    /// The word.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The colour to show it in, as `#rrggbb`.
    pub color: Option<String>,
}

/// To offer a tag no more.
#[derive(Debug, Clone, Serialize)]
pub struct TagRetire {
    /// Which.
    pub name: String,
}

impl TagSave {
    pub(super) async fn apply(&self, wish: &Wish<'_>, conn: &Conn) -> Answer {
        none(self.faults())?;
        let scope = wish.scope();
        let name = self.name.trim().to_owned();
        let names = [name.clone()];
        let known = aside::find_tags(conn, scope, &names).await?;
        let known = known.into_iter().next();
        let tag = Tag {
            id: known.as_ref().map_or_else(|| wish.desk.id(), |tag| tag.id),
            name,
            description: self.description.trim().to_owned(),
            color: self.color.as_ref().map(|color| color.to_lowercase()),
            retired_at: None,
            changed_at: wish.now(),
        };
        let is_same = |known: &Tag| {
            (&known.description, &known.color, known.retired_at)
                == (&tag.description, &tag.color, None)
        };
        if known.as_ref().is_some_and(is_same) {
            return refuse(AsideRefusal::Unchanged);
        }
        aside::save_tag(conn, scope, &tag).await?;
        tell(wish, conn, tag.id).await
    }

    fn faults(&self) -> Vec<Fault> {
        let fault = |path: &str, problem, mend: &str| Fault {
            path: path.to_owned(),
            problem,
            mend: mend.to_owned(),
        };
        let mut faults = Vec::new();
        match self.name.trim().chars().count() {
            0 => faults.push(fault("name", Problem::Empty, "give it a name")),
            1..=LONGEST => {}
            _ => {
                let mend = "use at most 50 characters";
                faults.push(fault("name", Problem::TooLarge, mend));
            }
        }
        if self.description.chars().count() > 500 {
            let mend = "use at most 500 characters";
            faults.push(fault("description", Problem::TooLarge, mend));
        }
        let is_color = |color: &String| {
            let digits = color.strip_prefix('#').unwrap_or_default();
            digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        };
        if !self.color.as_ref().is_none_or(is_color) {
            let mend = "write it as #rrggbb";
            faults.push(fault("color", Problem::Unknown, mend));
        }
        faults
    }
}

impl TagRetire {
    pub(super) async fn apply(&self, wish: &Wish<'_>, conn: &Conn) -> Answer {
        let scope = wish.scope();
        let names = [self.name.trim().to_owned()];
        let known = aside::find_tags(conn, scope, &names).await?;
        let Some(tag) = known.into_iter().next() else {
            return refuse(AsideRefusal::NotFound);
        };
        if !aside::retire_tag(conn, scope, tag.id, wish.now()).await? {
            return refuse(AsideRefusal::Unchanged);
        }
        tell(wish, conn, tag.id).await
    }
}

async fn tell(wish: &Wish<'_>, conn: &Conn, tag: TagId) -> Answer {
    let events = vec![Event::TagChanged { tag }];
    tenant::tell(wish.desk, wish.scope(), conn, wish.context, events).await?;
    done(tag.0, 0)
}
