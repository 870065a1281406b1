//! ARM resource ids. Azure varies their case from row to row, so one resource is one lower-cased id.

/// An id as it is published: lower-cased, one leading slash, no trailing one. Empty where the row
/// has none.
#[derive(Clone, Debug, Default)]
pub(crate) struct ArmId {
    text: String,
}

impl ArmId {
    /// Reads an id into the buffer of the previous one, so that a million rows need one buffer.
    pub(crate) fn read(&mut self, sent: &str) {
        self.text.clear();
        let sent = sent.trim().trim_end_matches('/');
        if sent.is_empty() {
            return;
        }
        if starts_with(sent, "subscriptions/") || starts_with(sent, "providers/") {
            self.text.push('/');
        }
        if sent.is_ascii() {
            let start = self.text.len();
            self.text.push_str(sent);
            self.text[start..].make_ascii_lowercase();
        } else {
            self.text.extend(sent.chars().flat_map(char::to_lowercase));
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the subscription that the id belongs to.
    pub(crate) fn subscription(&self) -> Option<&str> {
        let (id, _) = segment(self.text.strip_prefix("/subscriptions/")?);
        Some(id).filter(|id| !id.is_empty())
    }

    /// Returns the resource group that the id belongs to.
    pub(crate) fn resource_group(&self) -> Option<&str> {
        let (_, rest) = segment(self.text.strip_prefix("/subscriptions/")?);
        let (name, _) = segment(rest.strip_prefix("resourcegroups/")?);
        Some(name).filter(|name| !name.is_empty())
    }
}

/// Returns the first segment, and what follows its slash. Segments are short, so that a plain
/// search is faster than `str::split`.
fn segment(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| byte == b'/').unwrap_or(text.len());
    (&text[..end], text.get(end + 1..).unwrap_or_default())
}

/// Returns the last segment of an id as it was sent: the name of the resource.
pub(crate) fn last_segment(sent: &str) -> &str {
    sent.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_subscription_and_resource_group_in_any_case() {
        let mut id = ArmId::default();
        for (sent, text, subscription, group) in [
            (
                "/subscriptions/S1/resourceGroups/RG-1/providers/Microsoft.Web/sites/Shop/",
                "/subscriptions/s1/resourcegroups/rg-1/providers/microsoft.web/sites/shop",
                Some("s1"),
                Some("rg-1"),
            ),
            (
                "subscriptions/S1/RESOURCEGROUPS/rg",
                "/subscriptions/s1/resourcegroups/rg",
                Some("s1"),
                Some("rg"),
            ),
            (
                "/subscriptions/s1/providers/Microsoft.Security/pricings/vm",
                "/subscriptions/s1/providers/microsoft.security/pricings/vm",
                Some("s1"),
                None,
            ),
            (
                "/providers/Microsoft.Capacity/reservationOrders/0",
                "/providers/microsoft.capacity/reservationorders/0",
                None,
                None,
            ),
            ("  ", "", None, None),
            ("/", "", None, None),
            ("/subscriptions//resourceGroups/", "/subscriptions//resourcegroups", None, None),
        ] {
            id.read(sent);
            assert_eq!(
                (id.as_str(), id.subscription(), id.resource_group()),
                (text, subscription, group),
                "{sent:?}"
            );
        }
        assert_eq!(last_segment("/subscriptions/s1/sites/Shop/"), "Shop");
    }
}
