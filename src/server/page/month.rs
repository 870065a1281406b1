//! The state of a month, and where its statement is.

use maud::{Markup, html};
use url::form_urlencoded;

use crate::billing::period::Period;
use crate::billing::reconciliation::PeriodState;

/// Shows a sign, a word and a colour.
pub(super) fn badge(state: PeriodState) -> Markup {
    let (class, sign) = match state {
        PeriodState::Open => ("waiting", "…"),
        PeriodState::Closed => ("waiting", "▪"),
        PeriodState::Reconciled => ("good", "✓"),
        PeriodState::Differs => ("bad", "!"),
    };
    html! { span.badge.(class) { span aria-hidden="true" { (sign) " " } (state.as_str()) } }
}

/// Returns the relative address of a statement.
pub(super) fn address(scope: &str, period: Period) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("scope", scope)
        .append_pair("period", &period.to_string())
        .finish();
    format!("?{query}")
}
