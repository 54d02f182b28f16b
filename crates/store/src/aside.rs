//! What agents keep beside a conversation: tags, notes, drafts and views.

mod drafts;
mod notes;
mod tags;
mod views;

pub use drafts::{Draft, clear_draft, find_drafts, list_drafts, save_draft};
pub use notes::{
    Mention, NewNote, Note, delete_note, find_notes, insert_mentions, insert_note, is_mentioned,
    list_mentions, list_notes, mark_mentions_read, rank_agents,
};
pub use tags::{Tag, find_tags, list_tags, retire_tag, save_tag, set_tags, tags_of};
pub use views::{View, find_views, insert_view, list_views, lock_view, update_view};
