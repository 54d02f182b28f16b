//! The words by which customers say no and yes.
//!
//! A word counts only where it is the whole message: "please stop by tomorrow" is no opt-out. Words
//! that answer everyday questions (cancel, end, quit, yes) are left out, since at a desk they are
//! answers far more often than withdrawals. Every language counts for everybody: people write in
//! another language than their app has.

use super::Signal;

/// By language (ISO 639-1), in capitals, accents as written and left out.
const OPT_OUT: [(&str, &[&str]); 9] = [
    (
        "en",
        &[
            "STOP",
            "STOPALL",
            "STOP ALL",
            "UNSUBSCRIBE",
            "OPT OUT",
            "OPTOUT",
        ],
    ),
    ("de", &["STOPP", "ABMELDEN", "ABBESTELLEN"]),
    ("fr", &["ARRET", "ARRÊT", "DESABONNER", "DÉSABONNER"]),
    ("es", &["BAJA", "PARAR"]),
    ("it", &["CANCELLAMI", "DISISCRIVIMI"]),
    ("pt", &["CANCELAR INSCRIÇÃO", "CANCELAR INSCRICAO"]),
    ("nl", &["AFMELDEN", "UITSCHRIJVEN"]),
    ("pl", &["WYPISZ"]),
    ("sv", &["AVREGISTRERA"]),
];

const OPT_IN: [(&str, &[&str]); 9] = [
    ("en", &["START", "UNSTOP", "SUBSCRIBE", "OPT IN", "OPTIN"]),
    ("de", &["ANMELDEN", "ABONNIEREN"]),
    ("fr", &["ABONNER", "DEMARRER", "DÉMARRER"]),
    ("es", &["ALTA", "SUSCRIBIR"]),
    ("it", &["ISCRIVIMI"]),
    ("pt", &["INSCREVER"]),
    ("nl", &["AANMELDEN", "INSCHRIJVEN"]),
    ("pl", &["ZAPISZ"]),
    ("sv", &["REGISTRERA"]),
];

/// The longest text that can be one of the words; what is longer is not even looked at.
const LONGEST: usize = 64;

/// Reads a whole message as an opt-out or opt-in word; `None` where it is about anything else.
pub fn word(text: &str) -> Option<Signal> {
    if text.len() > LONGEST {
        return None;
    }
    // Case, blanks and marks around and between words do not matter: "/start", "Stop!", "opt-out".
    let capitals = text.to_uppercase();
    let words = capitals.split(|letter: char| !letter.is_alphanumeric());
    let plain: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let plain = plain.join(" ");
    let any = |lists: &[(&str, &[&str])]| lists.iter().any(|(_, list)| list.contains(&&*plain));
    match () {
        () if any(&OPT_OUT) => Some(Signal::OptOut),
        () if any(&OPT_IN) => Some(Signal::OptIn),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_messages_of_one_word_count_and_nothing_else_does() {
        let (out, yes) = (Some(Signal::OptOut), Some(Signal::OptIn));
        for (text, expected) in [
            ("STOP", out),
            (" stop!\n", out),
            ("Stopp.", out),
            ("unsubscribe", out),
            ("Arrêt", out),
            ("ARRET", out),
            ("opt-out", out),
            ("Baja", out),
            ("start", yes),
            ("/start", yes),
            ("ANMELDEN", yes),
            ("please stop by tomorrow", None),
            ("stop it, please", None),
            ("cancel", None),
            ("yes", None),
            ("", None),
            ("👍", None),
            ("STOP\u{0}", out),
        ] {
            assert_eq!(word(text), expected, "{text:?}");
        }
        assert_eq!(word(&format!("{}stop", " ".repeat(LONGEST))), None);
    }

    #[test]
    fn no_word_says_both() {
        for (_, words) in OPT_OUT {
            for text in words {
                assert_eq!(word(text), Some(Signal::OptOut), "{text}");
            }
        }
        for (_, words) in OPT_IN {
            for text in words {
                assert_eq!(word(text), Some(Signal::OptIn), "{text}");
            }
        }
    }
}
