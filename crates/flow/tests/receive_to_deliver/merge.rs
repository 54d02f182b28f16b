//! Conversations of one person that are merged, and stand for themselves again.

use crate::bench::*;
use crate::continuity::{Two, handle, number};
use crate::link::{link_contacts, undo};
use interdesk_domain::id::ConversationId;
use interdesk_domain::message::{Notice, NoticePlace, UpdateKind};
use interdesk_flow::Context;
use interdesk_flow::close::{Close, close};
use interdesk_flow::hands::{WorkOutcome, WorkRefusal};
use interdesk_flow::merge::{Merge, merge};
use interdesk_flow::reply::{NewReply, ReplyOutcome, Target};
use interdesk_flow::unlink::UnlinkOutcome;
use interdesk_flow::unmerge::{Unmerge, unmerge};

/// A person with an open conversation on each of two apps; the first is the agent's.
struct Merged {
    two: Two,
    phone: ConversationId,
    handle: ConversationId,
}

impl Merged {
    async fn apart() -> Self {
        let two = Two::apart().await;
        link_contacts(&two.bench, two.two, two.one).await;
        let of = |contact: interdesk_domain::id::ContactId| {
            format!(
                "SELECT id FROM conversations WHERE contact_id = '{}'",
                contact.0
            )
        };
        let find =
            async |query: String| ConversationId(two.bench.one(&query).await.parse().unwrap());
        let (phone, handle) = (find(of(two.one)).await, find(of(two.two)).await);
        two.bench.assign(&phone.0.to_string()).await;
        Self { two, phone, handle }
    }

    async fn merge(&self) -> WorkOutcome {
        self.merge_into(self.handle, self.phone, None).await
    }

    async fn merge_into(
        &self,
        conversation: ConversationId,
        into: ConversationId,
        key: Option<&str>,
    ) -> WorkOutcome {
        let wish = Merge {
            conversation,
            into,
            last_seen_version: None,
            into_last_seen_version: None,
        };
        let bench = &self.two.bench;
        bench.world.clock.advance(seconds(1));
        let context = Context::agent(bench.agent.agent, None);
        merge(&bench.desk, &bench.agent, &wish, key, &context)
            .await
            .unwrap()
    }

    async fn unmerge(&self) -> WorkOutcome {
        let bench = &self.two.bench;
        bench.world.clock.advance(seconds(1));
        let context = Context::agent(bench.agent.agent, None);
        let conversation = self.handle;
        let wish = Unmerge { conversation };
        unmerge(&bench.desk, &bench.agent, &wish, None, &context)
            .await
            .unwrap()
    }

    /// Says a step of a story: who writes by which app.
    async fn say(&self, at: usize, step: char, shown: ConversationId) {
        let two = &self.two;
        let by = |inbox: interdesk_flow::receive::Mailbox| {
            let (inbox, contact) = (inbox.id, None);
            Some(Target { inbox, contact })
        };
        let id = format!("s-{at}");
        match step {
            'p' => two.writes(two.whatsapp, &id, number()).await,
            'h' => two.writes(two.telegram, &id, handle()).await,
            'P' | 'H' => {
                two.bench.world.clock.advance(seconds(1));
                let to = match step {
                    'P' => by(two.whatsapp),
                    _ => by(two.telegram),
                };
                let reply = NewReply {
                    to,
                    ..answer(shown, &id)
                };
                let outcome = two.bench.try_reply(&reply).await;
                assert!(
                    matches!(outcome, ReplyOutcome::Queued { .. }),
                    "{outcome:?}"
                );
            }
            other => panic!("{other} is no step"),
        }
    }

    async fn timeline(&self, of: ConversationId) -> Vec<String> {
        let query = format!(
            "SELECT coalesce(provider_id, text), direction, inbox_id FROM messages
             WHERE conversation_id = '{}' ORDER BY version",
            of.0
        );
        let ids = [
            (self.two.whatsapp.id.0.to_string(), "whatsapp"),
            (self.two.telegram.id.0.to_string(), "telegram"),
        ];
        let rows = self.two.bench.rows(&query).await.into_iter();
        let named = |row: String| {
            let mut row = row;
            for (id, name) in &ids {
                row = row.replace(id, name);
            }
            row
        };
        rows.map(named).collect()
    }

    async fn status(&self, of: ConversationId) -> String {
        let query = format!("SELECT status FROM conversations WHERE id = '{}'", of.0);
        self.two.bench.one(&query).await
    }
}

const LIVE: &str = "work_items WHERE state IN ('queued', 'offered', 'active')";

/// What is said before the merge, while it holds, and after it was undone.
const STORIES: [[&str; 3]; 7] = [
    ["", "", ""],
    ["ph", "ph", "ph"],
    ["h", "hHpP", "h"],
    ["hp", "HH", "pP"],
    ["pP", "hPhP", "ph"],
    ["", "hhpHph", "P"],
    ["phphph", "pPhHpPhH", "hp"],
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_that_is_undone_leaves_the_timelines_that_would_have_been_without_it() {
    for story in STORIES {
        let mut told = Vec::new();
        for is_merged in [true, false] {
            let person = Merged::apart().await;
            let handle = person.handle.0.to_string();
            person.two.bench.assign(&handle).await;
            let mut at = 0;
            for (part, steps) in story.iter().enumerate() {
                if is_merged && part == 1 {
                    done(&person.merge().await);
                }
                if is_merged && part == 2 {
                    done(&person.unmerge().await);
                    person.two.bench.assign(&handle).await;
                }
                for step in steps.chars() {
                    at += 1;
                    let shown = match step {
                        'H' if !(is_merged && part == 1) => person.handle,
                        _ => person.phone,
                    };
                    person.say(at, step, shown).await;
                }
            }
            if is_merged {
                person.two.bench.prove().await;
            }
            let both = (person.phone, person.handle);
            told.push((person.timeline(both.0).await, person.timeline(both.1).await));
        }
        assert_eq!(told[0], told[1], "{story:?}");
    }
}

fn done(outcome: &WorkOutcome) {
    assert!(matches!(outcome, WorkOutcome::Done { .. }), "{outcome:?}");
}

fn refused(reason: WorkRefusal) -> WorkOutcome {
    WorkOutcome::Refused { reason }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_merged_has_one_work_item_and_the_customer_of_either_brings_the_one_back() {
    let person = Merged::apart().await;
    let bench = &person.two.bench;
    assert_eq!(bench.count(LIVE).await, 2);
    bench.reply(person.phone, "what can we do?").await;
    assert_eq!(person.status(person.phone).await, "waiting_for_customer");
    done(&person.merge().await);
    assert_eq!(bench.count(LIVE).await, 1, "one work item");
    assert_eq!(
        person.status(person.phone).await,
        "open",
        "somebody waits there"
    );
    assert_eq!(person.status(person.handle).await, "resolved");
    bench.reply(person.phone, "here too").await;
    person.say(1, 'h', person.phone).await;
    assert_eq!(person.status(person.phone).await, "open");
    assert_eq!(person.two.open().await, 1);
    // Once it is resolved, the next words by either app begin its next episode.
    person.two.resolve(person.phone).await;
    person.say(2, 'h', person.phone).await;
    assert_eq!(person.status(person.phone).await, "new");
    assert_eq!(bench.count(LIVE).await, 1);
    let threaded = "outbox WHERE kind = 'message_threaded'";
    assert_eq!(bench.count(threaded).await, 3);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_goes_by_the_thread_that_the_customer_last_wrote_in() {
    let person = Merged::apart().await;
    let bench = &person.two.bench;
    done(&person.merge().await);
    let sent = |message: interdesk_domain::id::MessageId| {
        format!(
            "SELECT conversation_id = '{}' FROM messages WHERE id = '{}' AND delivery <> 'failed'",
            person.handle.0, message.0
        )
    };
    person.say(1, 'h', person.phone).await;
    let by_handle = bench.reply(person.phone, "by the handle").await;
    assert_eq!(bench.one(&sent(by_handle)).await, "t");
    assert_eq!(bench.deliver(person.handle).await, 1);
    assert_eq!(bench.delivery(by_handle).await, "sent");
    person.say(2, 'p', person.phone).await;
    let by_phone = bench.reply(person.phone, "by the phone").await;
    assert_eq!(bench.one(&sent(by_phone)).await, "f");
    assert_eq!(bench.deliver(person.phone).await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_over_words_that_came_by_the_other_thread_is_stale() {
    let person = Merged::apart().await;
    let bench = &person.two.bench;
    let version = async || {
        let query = format!(
            "SELECT version FROM conversations WHERE id = '{}'",
            person.phone.0
        );
        bench.one(&query).await.parse::<i64>().unwrap()
    };
    let reply = async |seen: i64| {
        let reply = NewReply {
            last_seen_version: Some(seen),
            ..answer(person.phone, "done")
        };
        bench.try_reply(&reply).await
    };
    let before = version().await;
    done(&person.merge().await);
    let stale = |outcome: ReplyOutcome| match outcome {
        ReplyOutcome::StaleContext { missed, .. } => missed,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        stale(reply(before).await),
        1,
        "what was merged was not seen"
    );
    let seen = version().await;
    person.say(1, 'h', person.phone).await;
    assert_eq!(stale(reply(seen).await), 1);
    let seen = version().await;
    assert!(matches!(reply(seen).await, ReplyOutcome::Queued { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absence_note_by_the_other_thread_is_shown_where_that_goes_on() {
    let person = Merged::apart().await;
    let bench = &person.two.bench;
    done(&person.merge().await);
    person.say(1, 'h', person.phone).await;
    let notice = Notice {
        place: NoticePlace::Thread {
            earlier: vec!["s-1".to_owned()],
            by: handle().remove(0),
        },
        id: "away".to_owned(),
        kind: "auto_reply".to_owned(),
        text: "away".to_owned(),
        raw: "{}".to_owned(),
    };
    let told = update(UpdateKind::Notice(Box::new(notice)));
    bench.receive(person.two.telegram, told).await;
    let stands = "SELECT conversation_id::text || ' ' || (m.shown_version = c.version)::text
        FROM messages m, conversations c WHERE m.provider_id = 'away' AND c.id = ";
    let stands = bench.one(&format!("{stands}'{}'", person.phone.0)).await;
    assert_eq!(stands, format!("{} true", person.handle.0));
    let told = "SELECT body::jsonb #>> '{aggregate,id}' FROM outbox WHERE kind = 'notice_received'";
    let mut told = bench.rows(told).await;
    told.sort();
    let mut both = [person.phone.0.to_string(), person.handle.0.to_string()];
    both.sort();
    assert_eq!(told, both);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undone_merge_gives_back_what_was_owed_and_takes_it_from_the_other() {
    let person = Merged::apart().await;
    let bench = &person.two.bench;
    bench.reply(person.phone, "answered here").await;
    done(&person.merge().await);
    done(&person.unmerge().await);
    assert_eq!(
        person.status(person.handle).await,
        "new",
        "it was, and nobody answered"
    );
    assert_eq!(person.status(person.phone).await, "waiting_for_customer");
    assert_eq!(bench.count(LIVE).await, 2);
    // Answered while it was merged, it comes back as it stood.
    done(&person.merge().await);
    bench.reply(person.phone, "answered for both").await;
    person.two.resolve(person.phone).await;
    done(&person.unmerge().await);
    assert_eq!(
        bench
            .count("conversations WHERE merged_into IS NOT NULL OR has_merged")
            .await,
        0
    );
    // One that was over stays so, unless its customer wrote meanwhile.
    person.two.resolve_all().await;
    person.say(1, 'p', person.phone).await;
    bench.assign(&person.phone.0.to_string()).await;
    done(&person.merge().await);
    done(&person.unmerge().await);
    assert_eq!(person.status(person.handle).await, "resolved");
    done(&person.merge().await);
    person.say(2, 'h', person.phone).await;
    done(&person.unmerge().await);
    assert_eq!(person.status(person.handle).await, "open");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_merged_is_refused_and_says_why() {
    let person = Merged::apart().await;
    let bench = &person.two.bench;
    let (phone, handle) = (person.phone, person.handle);
    let nobody = ConversationId(uuid::Uuid::from_u128(7));
    assert_eq!(
        person.merge_into(phone, phone, None).await,
        refused(WorkRefusal::Unchanged)
    );
    assert_eq!(
        person.merge_into(nobody, phone, None).await,
        refused(WorkRefusal::NotFound)
    );
    assert_eq!(
        person.merge_into(phone, nobody, None).await,
        refused(WorkRefusal::IntoNotFound)
    );
    assert_eq!(person.unmerge().await, refused(WorkRefusal::NotMerged));
    let other = bench.conversation(person.two.whatsapp, "15550177").await;
    assert_eq!(
        person.merge_into(other, phone, None).await,
        refused(WorkRefusal::OtherPerson)
    );
    done(&person.merge().await);
    assert_eq!(person.merge().await, refused(WorkRefusal::Merged));
    assert_eq!(
        person.merge_into(other, handle, None).await,
        refused(WorkRefusal::IntoMerged)
    );
    assert_eq!(
        person.merge_into(phone, other, None).await,
        refused(WorkRefusal::HasMerged)
    );
    assert_eq!(undo(bench, person.two.two).await, UnlinkOutcome::Merged);
    done(&person.unmerge().await);
    assert!(matches!(
        undo(bench, person.two.two).await,
        UnlinkOutcome::Unlinked { .. }
    ));
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn raced_merges_have_one_effect_and_one_answer() {
    let person = Merged::apart().await;
    let again = || person.merge_into(person.handle, person.phone, Some("once"));
    let all = futures::future::join_all((0..12).map(|_| again())).await;
    assert!(all.iter().all(|outcome| *outcome == all[0]), "{all:?}");
    done(&all[0]);
    let bench = &person.two.bench;
    let told = "outbox WHERE kind = 'conversation_merged'";
    assert_eq!(bench.count(told).await, 2, "once in each of the two");
    // Both ways at once: one wins, and the other finds that it cannot be any more.
    done(&person.unmerge().await);
    let (one, other) = tokio::join!(
        person.merge_into(person.handle, person.phone, None),
        person.merge_into(person.phone, person.handle, None)
    );
    let won = [&one, &other]
        .into_iter()
        .filter(|outcome| matches!(outcome, WorkOutcome::Done { .. }));
    assert_eq!(won.count(), 1, "{one:?} {other:?}");
    assert_eq!(bench.count(LIVE).await, 1);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_closed_closes_what_is_merged_into_it() {
    let person = Merged::apart().await;
    let bench = &person.two.bench;
    done(&person.merge().await);
    let context = Context::agent(bench.agent.agent, None);
    let wish = |conversation| Close {
        conversation,
        last_seen_version: None,
    };
    let closed = close(
        &bench.desk,
        &bench.agent,
        &wish(person.handle),
        None,
        &context,
    )
    .await;
    assert_eq!(closed.unwrap(), refused(WorkRefusal::Merged));
    let closed = close(
        &bench.desk,
        &bench.agent,
        &wish(person.phone),
        None,
        &context,
    )
    .await;
    done(&closed.unwrap());
    person.say(1, 'h', person.phone).await;
    assert_eq!(bench.count("conversations").await, 3, "another one begins");
    done(&person.unmerge().await);
    assert_eq!(person.status(person.handle).await, "closed");
    bench.prove().await;
}
