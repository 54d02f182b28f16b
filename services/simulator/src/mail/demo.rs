//! Customers for a stranger to look at: now and then one writes a mail, and answers the answer.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Catcher, Customers};

/// Between two arrivals.
const EVERY: Duration = Duration::from_secs(25);

/// How long a customer takes to answer.
const THINKING: Duration = Duration::from_secs(6);

/// Mails that wait for the desk's answer at most.
const OPEN: u64 = 8;

const STORIES: &[(&str, &str, &str)] = &[
    (
        "Order 48213",
        "Hello,\r\n\r\nmy parcel should have arrived on Friday. Can you see where it is?\r\n\r\nRegards",
        "Thank you, that helps.",
    ),
    (
        "Rechnung",
        "Guten Tag,\r\n\r\nich finde die Rechnung zu meiner Bestellung nicht.\r\n\r\nViele Grüße",
        "Danke, jetzt habe ich sie gefunden.",
    ),
    (
        "The lamp flickers",
        "Hi,\r\n\r\nthe lamp I bought from you flickers since yesterday. What can I do?",
        "A new bulb it is. Thanks!",
    ),
    (
        "Retour d'un article",
        "Bonjour,\r\n\r\ncomment puis-je renvoyer un article ?\r\n\r\nCordialement",
        "C'est noté, merci beaucoup !",
    ),
];

/// Runs until it is told to stop.
pub async fn run(catcher: Catcher, customers: Customers, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = write(&catcher, &customers) => {}
    }
}

async fn write(catcher: &Catcher, customers: &Customers) {
    let mut next = Instant::now() + Duration::from_secs(2);
    let mut count = catcher.count();
    // Whose mail waits for an answer, by the address, with the story that they tell.
    let mut waiting: HashMap<String, (u64, usize)> = HashMap::new();
    let (mut customer, mut seen) = (0, 0);
    loop {
        tokio::select! {
            () = sleep_until(next) => {
                next = Instant::now() + EVERY;
                if waiting.len() as u64 >= OPEN {
                    continue;
                }
                customer += 1;
                let story = (customer as usize - 1) % STORIES.len();
                let (subject, text, _) = STORIES[story];
                let mut draft = customers.draft(customer, subject, text);
                if story == 2 {
                    let note = b"It flickers every two seconds.\n".to_vec();
                    draft.file = Some(("notes.txt".to_owned(), "text/plain".to_owned(), note));
                }
                match customers.send(&draft).await {
                    Ok(handed) if handed.is_taken() => {
                        waiting.insert(draft.sender(), (customer, story));
                    }
                    Ok(handed) => tracing::warn!(code = handed.code, "a customer's mail was refused"),
                    Err(error) => tracing::warn!(%error, "a customer could not write a mail"),
                }
            }
            changed = count.changed() => {
                if changed.is_err() {
                    return;
                }
                let caught = catcher.caught();
                let news = usize::try_from(*count.borrow() - seen).unwrap_or(0);
                seen = *count.borrow();
                for mail in caught.iter().rev().take(news) {
                    let Some(to) = mail.to.first() else { continue };
                    let Some((customer, story)) = waiting.remove(to) else { continue };
                    sleep(THINKING).await;
                    let draft = customers.answer(mail, customer, STORIES[story].2);
                    if let Err(error) = customers.send(&draft).await {
                        tracing::warn!(%error, "a customer could not answer a mail");
                    }
                }
            }
        }
    }
}
