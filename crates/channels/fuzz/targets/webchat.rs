#![no_main]

mod parse;

use interdesk_domain::inbox::ChannelKind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| parse::parse(ChannelKind::Webchat, body));
