//! What demo customers say: an opening, and lines for after each reply.

use crate::{Content, customer::Media};

type Story = (Content, Vec<Content>);

const TEXTS: &[&[&str]] = &[
    &[
        "Hi, my parcel should have arrived yesterday. Can you check?",
        "The order is 48213.",
        "Great, thank you!",
    ],
    &["Hello 👋 do you deliver on Saturdays?"],
    &[
        "The coupon SPRING10 does not work at checkout.",
        "It says it has expired.",
        "That worked, thanks 🙏",
    ],
    &[
        "I was charged twice this month 😟 please help",
        "Yes, both on the 3rd.",
    ],
    &[
        "Can I change the delivery address of order 48377?",
        "12 Example Street, second floor.",
    ],
    &[
        "My password reset mail never comes.",
        "Found it in the spam folder, sorry!",
    ],
    &["Is the blue one back in stock?"],
    &[
        "Guten Tag, wo finde ich meine Rechnung?",
        "Danke, habe sie gefunden.",
    ],
    &[
        "Hallo, meine Bestellung 48190 ist unvollständig angekommen.",
        "Es fehlt das Ladekabel.",
        "Super, vielen Dank!",
    ],
    &[
        "Bonjour, je voudrais annuler ma commande 48256.",
        "Oui, celle d'hier soir.",
        "Merci beaucoup !",
    ],
    &[
        "Hola, ¿puedo cambiar la talla de mi pedido?",
        "De la M a la L, por favor.",
        "¡Gracias! 😊",
    ],
    &[
        "Buongiorno, il codice sconto non funziona 😕",
        "Ora funziona, grazie!",
    ],
    &[
        "Dzień dobry, kiedy dotrze moja paczka?",
        "Numer 48301. Dziękuję!",
    ],
    &["Merhaba, faturamı nasıl indirebilirim?", "Teşekkürler!"],
    &[
        "こんにちは、返品の方法を教えてください。",
        "ありがとうございます🙇",
    ],
    &["مرحبا، أين طلبي رقم 48345؟", "شكرا جزيلا"],
    &[
        "Olá, o aplicativo fecha sozinho quando abro o carrinho.",
        "Versão 4.2, Android.",
        "Agora está ok, obrigado!",
    ],
    &["Hoi, kan ik ook achteraf betalen?"],
    &[
        "Could somebody call me back about the installation?",
        "Tomorrow between 9 and 11 is fine.",
    ],
    &[
        "The app says \"error 502\" since this morning.",
        "Works again, thanks for the quick help 👍",
    ],
];

/// Picks a story.
pub(super) fn story(draw: u64) -> Story {
    let pick = (draw >> 8) as usize;
    match draw % 10 {
        0 => photo(),
        1 => place(),
        _ => texts(TEXTS[pick % TEXTS.len()]),
    }
}

fn texts(lines: &[&str]) -> Story {
    let mut lines = lines.iter().map(|&line| Content::text(line));
    let first = lines.next().unwrap_or_else(|| Content::text("Hello"));
    let mut rest: Vec<Content> = lines.collect();
    if rest.len() > 1 {
        rest.push(thumb());
    }
    (first, rest)
}

fn photo() -> Story {
    let first = Content::Media {
        media: Media::Image,
        caption: Some("It arrived like this 😕 what can we do?".to_owned()),
    };
    (
        first,
        vec![Content::text("A replacement would be great."), thumb()],
    )
}

fn place() -> Story {
    let first = Content::Location {
        latitude: 52.52,
        longitude: 13.405,
        name: Some("Pick-up point".to_owned()),
    };
    (
        first,
        vec![Content::text(
            "I am standing here, is this the right entrance?",
        )],
    )
}

/// Reacts to whatever reply comes.
fn thumb() -> Content {
    Content::Reaction {
        message_id: String::new(),
        emoji: "👍".to_owned(),
    }
}
