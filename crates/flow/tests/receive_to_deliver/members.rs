//! Who is in a group, and rooms that become groups with their second customer.

use crate::bench::*;
use chrono::{DateTime, Utc};
use interdesk_domain::id::ConversationId;
use interdesk_domain::inbox::ChannelKind::{Matrix, Telegram, Whatsapp};
use interdesk_domain::message::{
    Address, Author, GroupRole, InboundMessage, Membership, Sender, Standing, Update, UpdateKind,
};
use interdesk_flow::receive::Mailbox;
use interdesk_store::read::participants::{Participant, list_participants};

const ROOM: &str = "!room:example.org";
const ALICE: &str = "@alice:example.org";
const BOB: &str = "@bob:example.org";

fn person(user: &str) -> Address {
    address("matrix", "user", user)
}

fn member(group: &str, who: Address, standing: Standing) -> Membership {
    Membership {
        group: group.to_owned(),
        who: Sender {
            addresses: vec![who],
            ..Sender::default()
        },
        standing: Some(standing),
        role: None,
    }
}

fn told(membership: Membership) -> Update {
    update(UpdateKind::Membership(Box::new(membership)))
}

fn in_room(who: &str, standing: Standing) -> Update {
    told(member(ROOM, person(who), standing))
}

fn said(id: &str, who: &str, text: &str) -> Update {
    let author = Author::Customer(sender(vec![person(who)]));
    message(InboundMessage {
        room: Some(ROOM.to_owned()),
        state: Some(ROOM.to_owned()),
        ..inbound(id, author, words(text))
    })
}

async fn participants(bench: &Bench) -> Vec<Participant> {
    let id = bench
        .one("SELECT id FROM conversations ORDER BY created_at DESC LIMIT 1")
        .await;
    let ids = [ConversationId(id.parse().unwrap())];
    let transaction = bench.desk.database.begin(bench.scope).await.unwrap();
    let found = list_participants(&transaction, bench.scope, &ids).await;
    transaction.rollback().await.unwrap();
    found.unwrap()
}

async fn hear(bench: &Bench, inbox: Mailbox, now: DateTime<Utc>, updates: Vec<Update>) {
    for update in updates {
        bench.receive(inbox, at(update, now)).await;
    }
}

const GROUPS: &str = "SELECT COALESCE(group_id, '-') FROM conversations ORDER BY id";
const EVENTS: &str = "SELECT (body::jsonb #>> '{data,standing}') || ' ' ||
        (body::jsonb #>> '{data,role}')
    FROM outbox WHERE kind = 'group_member_changed' ORDER BY pos";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_of_a_group_are_kept_with_their_times_whether_or_not_anybody_wrote() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Whatsapp).await;
    let began = bench.desk.clock.now() - seconds(600);
    let group = "group-1@g.us";
    let one = |standing| told(member(group, phone("15550100"), standing));
    let other = |standing| told(member(group, phone("15550105"), standing));
    let minute = |n: i64| began + seconds(60 * n);
    hear(&bench, inbox, minute(1), vec![one(Standing::Invited)]).await;
    hear(&bench, inbox, minute(2), vec![one(Standing::Joined)]).await;
    // A repeat, and news that come late, change nothing.
    hear(&bench, inbox, minute(2), vec![one(Standing::Joined)]).await;
    hear(&bench, inbox, minute(0), vec![one(Standing::Left)]).await;
    hear(&bench, inbox, minute(3), vec![other(Standing::Joined)]).await;
    hear(&bench, inbox, minute(4), vec![other(Standing::Removed)]).await;
    // Who was gone before anybody knew them is not met.
    let gone = told(member(group, phone("15550109"), Standing::Left));
    hear(&bench, inbox, minute(5), vec![gone]).await;

    let author = Author::Customer(sender(vec![phone("15550100")]));
    let wrote = message(InboundMessage {
        group: Some(group.to_owned()),
        ..inbound("m-1", author, words("hello"))
    });
    bench.receive(inbox, wrote).await;

    let found = participants(&bench).await;
    assert_eq!(found.len(), 2, "{found:?}");
    let (first, second) = (&found[0], &found[1]);
    assert_eq!((first.messages, second.messages), (1, 0));
    assert_eq!(first.standing, Some(Standing::Joined));
    assert_eq!(first.role, Some(GroupRole::Member));
    assert_eq!(first.invited_at, Some(minute(1)));
    assert_eq!(first.joined_at, Some(minute(2)));
    assert_eq!(first.left_at, None);
    assert_eq!(second.standing, Some(Standing::Removed));
    assert_eq!(second.joined_at, Some(minute(3)));
    assert_eq!(second.left_at, Some(minute(4)));
    assert_eq!(second.last_wrote_at, None);
    let expected = [
        "invited member",
        "joined member",
        "joined member",
        "removed member",
    ];
    assert_eq!(bench.rows(EVENTS).await, expected);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_and_a_name_are_those_of_the_group_until_an_agent_gives_another_name() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Telegram).await;
    let who = || address("telegram", "user", "5550012");
    let promoted = Membership {
        role: Some(GroupRole::Admin),
        who: Sender {
            addresses: vec![who()],
            name: Some("Blue parcel".to_owned()),
            locale: None,
        },
        ..member("-100555", who(), Standing::Joined)
    };
    bench.receive(inbox, told(promoted)).await;
    let author = Author::Customer(sender(vec![who()]));
    // A topic of the group has the members of the group.
    let wrote = message(InboundMessage {
        group: Some("-100555:7".to_owned()),
        ..inbound("m-1", author, words("hello"))
    });
    bench.receive(inbox, wrote).await;
    let found = participants(&bench).await;
    assert_eq!(found[0].role, Some(GroupRole::Admin));
    assert_eq!(found[0].name.as_deref(), Some("Blue parcel"));
    assert_eq!(found[0].name_source, "self_asserted");

    // Only the role is told: how they stand stays.
    let demoted = Membership {
        standing: None,
        role: Some(GroupRole::Member),
        ..member("-100555", who(), Standing::Joined)
    };
    bench.receive(inbox, told(demoted)).await;
    bench
        .run("UPDATE contacts SET name = 'Ada', name_source = 'agent'")
        .await;
    let found = participants(&bench).await;
    assert_eq!(found[0].role, Some(GroupRole::Member));
    assert_eq!(found[0].standing, Some(Standing::Joined));
    assert_eq!(found[0].name.as_deref(), Some("Ada"));
    assert_eq!(found[0].name_source, "agent");
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_one_conversation_from_its_second_customer_on_whoever_wrote_first() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Matrix).await;
    bench.receive(inbox, in_room(ALICE, Standing::Joined)).await;
    bench
        .receive(inbox, said("m-1", ALICE, "where is our parcel?"))
        .await;
    assert_eq!(bench.rows(GROUPS).await, ["-"], "one customer is no group");
    // Both in one body: whoever comes is known before their words.
    let both = vec![said("m-2", BOB, "mine too"), in_room(BOB, Standing::Joined)];
    bench.try_receive(inbox, both).await.unwrap();
    bench.receive(inbox, said("m-3", ALICE, "thanks")).await;
    assert_eq!(bench.rows(GROUPS).await, [ROOM]);
    let written = "SELECT c.contact_id = m.contact_id FROM messages m
        JOIN conversations c ON c.id = m.conversation_id ORDER BY m.version";
    assert_eq!(
        bench.rows(written).await,
        ["t", "f", "t"],
        "each has its author"
    );
    let live = "work_items WHERE state IN ('queued', 'offered', 'active', 'wrap_up')";
    assert_eq!(bench.count(live).await, 1, "one routing unit");

    // Somebody leaves, which makes no other conversation of it.
    bench.receive(inbox, in_room(BOB, Standing::Left)).await;
    bench.receive(inbox, said("m-4", ALICE, "still me")).await;
    assert_eq!(bench.count("conversations").await, 1);
    let standing: Vec<_> = participants(&bench).await;
    let standing: Vec<_> = standing.iter().map(|one| one.standing).collect();
    assert_eq!(standing, [Some(Standing::Joined), Some(Standing::Left)]);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_speaks_about_consent_for_a_room_that_is_a_group() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Matrix).await;
    for who in [ALICE, BOB] {
        bench.receive(inbox, in_room(who, Standing::Joined)).await;
    }
    bench.receive(inbox, said("m-1", ALICE, "STOP")).await;
    assert_eq!(
        bench.count("outbox WHERE kind = 'consent_changed'").await,
        0
    );
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_goes_on_by_another_app_stays_the_persons_own() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Matrix).await;
    let other = bench.inbox(Matrix).await;
    bench.receive(inbox, said("m-1", ALICE, "here")).await;
    bench
        .receive(other, text("m-2", vec![person(ALICE)], "and there"))
        .await;
    assert_eq!(bench.count("conversations").await, 1);
    for who in [ALICE, BOB] {
        bench.receive(inbox, in_room(who, Standing::Joined)).await;
    }
    bench.receive(inbox, said("m-3", BOB, "hello")).await;
    assert_eq!(bench.rows(GROUPS).await, ["-", ROOM]);
    bench.prove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_goes_on_under_another_id_keeps_its_members() {
    let bench = Bench::fresh().await;
    let inbox = bench.inbox(Matrix).await;
    for who in [ALICE, BOB] {
        bench.receive(inbox, in_room(who, Standing::Joined)).await;
    }
    bench.receive(inbox, said("m-1", ALICE, "hello")).await;
    let (from, to) = (ROOM.to_owned(), "!next:example.org".to_owned());
    let moved = update(UpdateKind::GroupMoved { from, to });
    bench.receive(inbox, moved).await;
    assert_eq!(bench.rows(GROUPS).await, ["!next:example.org"]);
    let found = participants(&bench).await;
    assert_eq!(found.len(), 2);
    assert!(
        found
            .iter()
            .all(|one| one.standing == Some(Standing::Joined))
    );
    bench.prove().await;
}
