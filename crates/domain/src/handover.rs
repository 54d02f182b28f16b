//! Words for work that changes hands.

use serde::{Deserialize, Serialize};

/// Declares an enum whose variants have names in database and events.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$about])* $variant,)* }

        impl $name {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the name that database and events use.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads the name back.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text)
            }
        }
    };
}

words! {
    /// How work left the agent who had it.
    HandoverKind {
        /// They gave it back to its queue.
        Release = "release",
        /// They were away for too long, so it went back to its queue.
        Absence = "absence",
        /// They put it off and let it go meanwhile.
        Snooze = "snooze",
        /// It went to somebody or somewhere else at once.
        Cold = "cold",
        /// A colleague was asked, and they kept it until the answer.
        Warm = "warm",
    }
}

words! {
    /// Where a handover stands.
    HandoverState {
        /// The colleague was asked; who has it keeps it.
        Asked = "asked",
        /// It changed hands.
        Done = "done",
        /// The colleague said no; it stayed.
        Declined = "declined",
        /// The colleague did not answer in time; it stayed.
        Expired = "expired",
        /// It was taken back, or there was nothing to hand over any more.
        Cancelled = "cancelled",
    }
}

words! {
    /// Why work went back to its queue.
    ReleaseReason {
        /// Its agent gave it back.
        Released = "released",
        /// Its agent was away for too long.
        OwnerAbsent = "owner_absent",
        /// Its agent put it off and let it go meanwhile.
        Snoozed = "snoozed",
        /// A step of a service level gave it to somebody else.
        ServiceLevel = "service_level",
    }
}

words! {
    /// Why an agent refuses work.
    DeclineReason {
        /// They have no time now.
        NoTime = "no_time",
        /// They are not able to do it.
        NotAble = "not_able",
        /// They do not speak the language.
        Language = "language",
        /// Somebody else should have it, for a reason of their own.
        NotForMe = "not_for_me",
        /// Something else.
        Other = "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_are_those_of_json() {
        fn check<T: Copy + PartialEq + std::fmt::Debug + Serialize>(
            all: &[T],
            name: fn(T) -> &'static str,
            parse: fn(&str) -> Option<T>,
        ) {
            for one in all {
                assert_eq!(parse(name(*one)), Some(*one));
                assert_eq!(serde_json::json!(one), name(*one));
            }
        }
        check(HandoverKind::ALL, HandoverKind::as_str, HandoverKind::parse);
        check(
            HandoverState::ALL,
            HandoverState::as_str,
            HandoverState::parse,
        );
        check(
            ReleaseReason::ALL,
            ReleaseReason::as_str,
            ReleaseReason::parse,
        );
        check(
            DeclineReason::ALL,
            DeclineReason::as_str,
            DeclineReason::parse,
        );
    }
}
