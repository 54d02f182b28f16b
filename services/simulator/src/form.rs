//! Reads request parameters in every form that the providers take: query, form,
//! JSON and multipart.

use actix_web::{HttpRequest, http::header::CONTENT_TYPE, web::Bytes};
use serde_json::{Map, Value};

/// The parameters of a call and the files beside them.
#[derive(Default)]
pub(crate) struct Form {
    pub(crate) fields: Map<String, Value>,
    pub(crate) files: Vec<Part>,
}

/// An uploaded file.
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) file_name: String,
    pub(crate) mime_type: String,
    pub(crate) bytes: Bytes,
}

impl Form {
    /// Reads a request; `None` when the body is not what its type says.
    pub(crate) fn read(request: &HttpRequest, body: &Bytes) -> Option<Self> {
        let mut form = Self::default();
        form.take_pairs(request.query_string().as_bytes());
        let header = request.headers().get(CONTENT_TYPE);
        let content_type = header
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if content_type.starts_with("multipart/form-data") {
            form.take_parts(boundary(content_type)?, body)?;
        } else if content_type.starts_with("application/json") && !body.is_empty() {
            let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
                return None;
            };
            form.fields.extend(object);
        } else {
            form.take_pairs(body);
        }
        Some(form)
    }

    /// Reads a text field.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// Reads a field that is an object, list or number; forms carry it as a text.
    pub(crate) fn json(&self, name: &str) -> Option<Value> {
        match self.fields.get(name)? {
            Value::String(text) => serde_json::from_str(text).ok(),
            other => Some(other.clone()),
        }
    }

    fn take_pairs(&mut self, encoded: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(encoded) {
            self.fields
                .insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }

    fn take_parts(&mut self, boundary: &str, body: &Bytes) -> Option<()> {
        let delimiter = format!("--{boundary}");
        let mut at = find(body, delimiter.as_bytes(), 0)? + delimiter.len();
        let delimiter = format!("\r\n--{boundary}");
        while !body[at..].starts_with(b"--") {
            let head_end = find(body, b"\r\n\r\n", at)?;
            let end = find(body, delimiter.as_bytes(), head_end + 2)?;
            let content = body.slice((head_end + 4).min(end)..end);
            self.take_part(&String::from_utf8_lossy(&body[at..head_end]), content);
            at = end + delimiter.len();
        }
        Some(())
    }

    fn take_part(&mut self, head: &str, bytes: Bytes) {
        let Some(name) = quoted(head, " name=\"") else {
            return;
        };
        match quoted(head, "filename=\"") {
            Some(file_name) => {
                let mime_type = head
                    .lines()
                    .filter_map(|line| line.split_once(':'))
                    .find(|(header, _)| header.eq_ignore_ascii_case("content-type"))
                    .map_or("application/octet-stream", |(_, value)| value.trim());
                let mime_type = mime_type.to_owned();
                self.files.push(Part {
                    name,
                    file_name,
                    mime_type,
                    bytes,
                });
            }
            None => {
                let value = String::from_utf8_lossy(&bytes).into_owned();
                self.fields.insert(name, Value::String(value));
            }
        }
    }
}

fn boundary(content_type: &str) -> Option<&str> {
    let (_, rest) = content_type.split_once("boundary=")?;
    let end = rest.find(';').unwrap_or(rest.len());
    Some(rest[..end].trim_matches('"'))
}

fn quoted(head: &str, start: &str) -> Option<String> {
    let (_, rest) = head.split_once(start)?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

fn find(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let found = haystack
        .get(from..)?
        .windows(needle.len())
        .position(|part| part == needle);
    found.map(|at| at + from)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_multipart_body_gives_its_fields_and_files() {
        let body = Bytes::from_static(
            b"--x\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\
            \r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
            Content-Type: image/png\r\n\r\n\x89PNG\r\n\r\n--x--\r\n",
        );
        let request = TestRequest::post()
            .insert_header((CONTENT_TYPE, "multipart/form-data; boundary=x"))
            .to_http_request();
        let form = Form::read(&request, &body).expect("a form");
        assert_eq!(form.text("messaging_product"), Some("whatsapp"));
        let file = &form.files[0];
        assert_eq!(
            (file.name.as_str(), file.file_name.as_str()),
            ("file", "a.png")
        );
        assert_eq!(file.mime_type, "image/png");
        assert_eq!(file.bytes.as_ref(), b"\x89PNG\r\n");
    }

    #[test]
    fn a_multipart_body_without_its_end_is_refused() {
        let body =
            Bytes::from_static(b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb");
        let request = TestRequest::post()
            .insert_header((CONTENT_TYPE, "multipart/form-data; boundary=x"))
            .to_http_request();
        assert!(Form::read(&request, &body).is_none());
    }
}
