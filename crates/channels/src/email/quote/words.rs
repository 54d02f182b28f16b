//! The words by which apps mark what they quote, in the languages they speak.

/// A field of a quoted header block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    From,
    Sent,
    To,
    Subject,
}

impl Field {
    pub(super) const ALL: [Self; 4] = [Self::From, Self::Sent, Self::To, Self::Subject];

    /// Returns whether a block may begin with it.
    pub(super) fn opens(self) -> bool {
        matches!(self, Self::From | Self::Sent | Self::Subject)
    }
}

const FROM: [&str; 20] = [
    "from",
    "von",
    "de",
    "van",
    "da",
    "från",
    "fra",
    "od",
    "lähettäjä",
    "от",
    "від",
    "gönderen",
    "kimden",
    "发件人",
    "寄件者",
    "差出人",
    "보낸 사람",
    "من",
    "feladó",
    "expéditeur",
];
const SENT: [&str; 28] = [
    "sent",
    "date",
    "gesendet",
    "datum",
    "envoyé",
    "enviado",
    "enviado el",
    "fecha",
    "data",
    "inviato",
    "verzonden",
    "skickat",
    "sendt",
    "dato",
    "wysłano",
    "lähetetty",
    "отправлено",
    "дата",
    "надіслано",
    "tarih",
    "gönderildi",
    "发送时间",
    "日期",
    "寄件日期",
    "送信日時",
    "보낸 날짜",
    "elküldve",
    "odesláno",
];
const TO: [&str; 20] = [
    "to",
    "an",
    "à",
    "para",
    "a",
    "aan",
    "till",
    "til",
    "do",
    "komu",
    "vastaanottaja",
    "кому",
    "kime",
    "收件人",
    "收件者",
    "宛先",
    "받는 사람",
    "إلى",
    "címzett",
    "destinataire",
];
const SUBJECT: [&str; 19] = [
    "subject",
    "betreff",
    "objet",
    "asunto",
    "assunto",
    "oggetto",
    "onderwerp",
    "ämne",
    "emne",
    "temat",
    "aihe",
    "тема",
    "konu",
    "主题",
    "主旨",
    "件名",
    "제목",
    "tárgy",
    "předmět",
];

/// Returns which field of a quoted header block a line is.
pub(super) fn header_line(line: &str) -> Option<Field> {
    let colon = line.find([':', '：'])?;
    let name = line[..colon].trim_matches(['*', ' ', '\u{A0}', '_']);
    if name.is_empty() || name.len() > 40 {
        return None;
    }
    let name = name.to_lowercase();
    let lists: [(&[&str], Field); 4] = [
        (&FROM, Field::From),
        (&SENT, Field::Sent),
        (&TO, Field::To),
        (&SUBJECT, Field::Subject),
    ];
    let known = lists
        .iter()
        .find(|(names, _)| names.contains(&name.as_str()));
    known.map(|(_, field)| *field)
}

/// Returns whether a line says that an earlier mail follows.
pub(super) fn is_separator(line: &str) -> bool {
    const WORDS: [&str; 24] = [
        "original message",
        "original appointment",
        "reply message",
        "forwarded message",
        "ursprüngliche nachricht",
        "originalnachricht",
        "weitergeleitete nachricht",
        "message d'origine",
        "message original",
        "message transféré",
        "mensaje original",
        "mensaje reenviado",
        "mensagem original",
        "messaggio originale",
        "messaggio inoltrato",
        "oorspronkelijk bericht",
        "doorgestuurd bericht",
        "ursprungligt meddelande",
        "oprindelig meddelelse",
        "opprinnelig melding",
        "alkuperäinen viesti",
        "пересылаемое сообщение",
        "исходное сообщение",
        "wiadomość oryginalna",
    ];
    let inner = line.trim_matches(['-', '_', ' ']);
    let dashes = line.len() - inner.len();
    if inner.is_empty() {
        // Outlook draws a line over the header block of the mail it answers.
        return line.len() >= 32 && line.bytes().all(|byte| byte == b'_');
    }
    let framed = dashes >= 4 && line.starts_with(['-', '_']);
    framed && inner.len() < 80 && WORDS.contains(&inner.to_lowercase().as_str())
}

/// Returns whether a line says who wrote what follows, and when.
pub(super) fn attribution(line: &str) -> bool {
    // The first word, and what the line ends with or holds behind it.
    const PAIRS: [(&str, &str); 25] = [
        ("on ", " wrote:"),
        ("am ", " schrieb"),
        ("am ", " geschrieben"),
        ("le ", " a écrit"),
        ("el ", " escribió"),
        ("em ", " escreveu"),
        ("il ", " ha scritto"),
        ("op ", " schreef"),
        ("op ", " het volgende geschreven"),
        ("den ", " skrev"),
        ("på ", " skrev"),
        ("dne ", " napsal"),
        ("w dniu ", " napisał"),
        ("dnia ", " napisał"),
        ("в ", " написал"),
        ("", " пишет:"),
        ("", " написал:"),
        ("", " написал(а):"),
        ("", " wrote:"),
        ("", " schrieb:"),
        ("", " kirjoitti:"),
        ("", " şunu yazdı:"),
        ("", " 写道："),
        ("", "のメール:"),
        ("", "님이 작성:"),
    ];
    let line = line.replace('\u{A0}', " ").to_lowercase();
    let line = line.trim_end();
    let ends = line.ends_with([':', '：']);
    let dated = is_dated(line);
    PAIRS.iter().any(|(first, last)| {
        let named = !first.is_empty() || dated;
        ends && named && line.starts_with(first) && line.contains(last.trim_end_matches(':'))
    })
}

/// Returns whether a line names a day or an address.
pub(super) fn is_dated(line: &str) -> bool {
    line.contains('@') || line.contains(|c: char| c.is_ascii_digit())
}

/// Returns whether a line is what an app writes under a mail.
pub(super) fn is_sign_off(line: &str) -> bool {
    const LINES: [&str; 18] = [
        "sent from my ",
        "sent from outlook",
        "sent from mail for windows",
        "sent from yahoo mail",
        "sent from proton mail",
        "get outlook for ",
        "von meinem iphone",
        "von meinem ipad",
        "von meinem samsung",
        "gesendet von ",
        "gesendet mit der ",
        "envoyé de mon ",
        "envoyé depuis ",
        "enviado desde mi ",
        "enviado do meu ",
        "inviato da ",
        "verzonden vanaf ",
        "отправлено с ",
    ];
    let line = line.to_lowercase();
    line.len() < 100 && LINES.iter().any(|known| line.starts_with(known)) && !line.ends_with('?')
}
