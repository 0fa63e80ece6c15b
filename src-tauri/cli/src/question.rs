//! How a question reads at a terminal.

use bridge_core::view::RequestView;

use crate::safe::safe;
use crate::words;

/// Who asks, for what, and where the answer goes.
pub(crate) fn question(request: &RequestView) -> String {
    let uri = request.redirect_uri.as_deref().map(|uri| format!(" ({})", safe(uri))).unwrap_or_default();
    let program = request.program.as_deref().map(|program| format!("  Program         {}\n", safe(program)));
    let note = |words: &str| format!("  Note            {words}\n");
    let permissions: Vec<_> = request.scopes.iter().map(words::permission).collect();
    format!(
        "\n{} wants to use your memories.\n  \
         Name            {}\n  \
         Code            {}\n  \
         Answer goes to  {}{uri}\n  \
         It may          {}\n{}{}{}",
        safe(&request.client_name),
        words::name_comes_from(request),
        safe(&request.code),
        words::goes_to(&request.goes_to),
        permissions.join("\n                  "),
        program.unwrap_or_default(),
        if request.name_looks_alike { note(words::LOOKS_ALIKE) } else { String::new() },
        request.warning.map(|warning| note(words::warning(warning))).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use bridge_core::ids::{ClientId, QuestionId};
    use bridge_core::scope::Scopes;

    use super::*;

    #[test]
    fn a_question_says_who_what_and_where() {
        let request = RequestView {
            id: QuestionId::new("q"),
            code: "K7-42".into(),
            client_id: ClientId::new("c"),
            client_name: "Evil\u{1b}[2J".into(),
            name_looks_alike: true,
            confirmed_by: None,
            allowed_before: None,
            warning: Some(bridge_core::view::Warning::ForeignWebsite),
            redirect_uri: Some("https://example.com/cb".into()),
            goes_to: bridge_core::view::Destination::Website { host: "example.com".into() },
            registered: bridge_core::view::Registered::ByItself,
            registered_at: None,
            program: Some("/opt/evil/\u{1b}app (4711)".into()),
            scopes: Scopes::ALL,
            asked_at: String::new(),
            expires_at: String::new(),
        };
        assert_eq!(
            question(&request),
            "\nEvil\u{fffd}[2J wants to use your memories.\n  \
             Name            as the app gave it; nobody has confirmed it\n  \
             Code            K7-42\n  \
             Answer goes to  example.com (https://example.com/cb)\n  \
             It may          read: search and list memories\n                  write: add memories and documents\n  \
             Program         /opt/evil/\u{fffd}app (4711)\n  \
             Note            some letters of the name only look like others, as in a name meant to be mistaken\n  \
             Note            the answer goes to a website, not to an app of this computer\n"
        );
    }
}
