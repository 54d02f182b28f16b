//! Pages: how much of a list is shown, and what lies around it.

use crate::{Cursor, Error};
use async_graphql::SimpleObject;
use interdesk_store::read::Window;

const DEFAULT: i32 = 25;
const MOST: i32 = 100;

/// What lies around a page.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct PageInfo {
    /// Whether the list goes on behind this page.
    pub(crate) has_next_page: bool,
    /// Whether the list goes on before this page.
    pub(crate) has_previous_page: bool,
    /// The place of the page's first entry; null on an empty page.
    pub(crate) start_cursor: Option<Cursor>,
    /// The place of the page's last entry; null on an empty page.
    pub(crate) end_cursor: Option<Cursor>,
}

/// The arguments of every connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageArguments {
    pub(crate) first: Option<i32>,
    pub(crate) after: Option<Cursor>,
    pub(crate) last: Option<i32>,
    pub(crate) before: Option<Cursor>,
}

impl PageArguments {
    /// Reads the arguments; `place` reads a cursor of the list.
    pub(crate) fn window<P>(
        &self,
        place: impl Fn(&Cursor) -> Result<P, Error>,
    ) -> Result<Window<P>, Error> {
        let (size, from_end) = match (self.first, self.last) {
            (Some(_), Some(_)) => {
                return Err(Error::BadInput("give first or last, not both".to_owned()));
            }
            (None, Some(last)) => (last, true),
            (first, None) => (first.unwrap_or(DEFAULT), false),
        };
        if !(1..=MOST).contains(&size) {
            let name = if from_end { "last" } else { "first" };
            return Err(Error::BadInput(format!(
                "{name} must be 1 to {MOST}, it is {size}"
            )));
        }
        let after = self.after.as_ref().map(&place).transpose()?;
        let before = self.before.as_ref().map(&place).transpose()?;
        // One more tells whether the list goes on.
        Ok(Window {
            after,
            before,
            limit: i64::from(size) + 1,
            from_end,
        })
    }
}

/// Cuts what a window brought to its page and tells what lies around it.
pub(crate) fn cut<T, P>(
    mut items: Vec<T>,
    window: &Window<P>,
    cursor: impl Fn(&T) -> Cursor,
) -> (Vec<T>, PageInfo) {
    let size = usize::try_from(window.limit - 1).unwrap_or(0);
    let goes_on = items.len() > size;
    if goes_on && window.from_end {
        items.drain(..items.len() - size);
    } else {
        items.truncate(size);
    }
    let info = PageInfo {
        has_next_page: if window.from_end {
            window.before.is_some()
        } else {
            goes_on
        },
        has_previous_page: if window.from_end {
            goes_on
        } else {
            window.after.is_some()
        },
        start_cursor: items.first().map(&cursor),
        end_cursor: items.last().map(&cursor),
    };
    (items, info)
}
