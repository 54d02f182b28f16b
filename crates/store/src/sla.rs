//! Clocks of service levels: their history, what they say, and what was told.

mod clocks;
mod episodes;
mod moments;
mod places;
mod sweeps;
mod told;

pub use clocks::{Clock, delete_clocks, list_clocks, list_clocks_of_conversation, upsert_clocks};
pub use episodes::{
    Concern, Conversation, Episode, WakeUp, add_wake_ups, find_episode, find_episodes,
    list_concerned, list_conversations, list_episodes, list_page, lock_conversations,
    lock_episodes, set_wake_ups, try_lock_episode, upsert_conversations, upsert_episodes,
};
pub use moments::{Moment, insert_moments, list_moments};
pub use places::{
    Effective, Place, Serving, TeamMember, add_tag, find_entered, find_version, list_behind,
    list_effective, list_facts, list_members, list_serving, lock_cursor, mark_deadlines,
    set_entered, update_cursor,
};
pub use sweeps::{Sweep, delete_sweep, find_sweep, upsert_sweep};
pub use told::{Told, insert_told, list_told};
