//! Texts and tags that cannot be read.

use super::*;

#[test]
fn texts_that_cannot_be_decoded_are_replaced_and_their_rows_count() {
    let name = |json: &[u8], csv: &[u8]| Row::usual().with("resourceName", json, csv);
    let tags = |json: &[u8], csv: &[u8]| Row::usual().with("tags", json, csv);
    let table = vec![
        (Row::usual(), "2026-11-20 1.5 EUR vm [team=web]"),
        (name(b"\"vm\xff\"", b"vm\xff"), "2026-11-20 1.5 EUR vm\u{fffd} [team=web] text"),
        (
            name(b"\"\xffvm\xe9\"", b"\xffvm\xe9"),
            "2026-11-20 1.5 EUR \u{fffd}vm\u{fffd} [team=web] text",
        ),
        (
            Row::usual().with("billingCurrencyCode", b"\"EUR\xff\"", b"EUR\xff"),
            "2026-11-20 1.5 EUR\u{fffd} vm [team=web] text",
        ),
        (
            tags(
                b"{\"team\": \"w\xff\", \"te\xffam\": 1}",
                b"\"team\": \"w\xff\", \"te\xffam\": 1",
            ),
            "2026-11-20 1.5 EUR vm [team=w\u{fffd} te\u{fffd}am=1] tags",
        ),
        (
            tags(br#"{"team": "w\ud83d", "e\qnv": "x"}"#, br#""team": "w\ud83d", "e\qnv": "x""#),
            "2026-11-20 1.5 EUR vm [team=w\u{fffd} e\u{fffd}nv=x] tags",
        ),
        (
            tags(b"{\"team\": \"a\tb\"}", b"\"team\": \"a\tb\""),
            "2026-11-20 1.5 EUR vm [team=a\u{fffd}b] tags",
        ),
    ];
    assert_rows(table, WANTED);
}

#[test]
fn a_row_of_the_list_with_a_broken_escape_counts() {
    for (json, name) in [
        (&br#""vm\ud83d""#[..], "vm\u{fffd}"),
        (br#""vm\udc00\ud83d\ude00""#, "vm\u{fffd}😀"),
        (br#""vm\x""#, "vm\u{fffd}"),
        (b"\"v\x01m\"", "v\u{fffd}m"),
        (b"\"v\xc3m\"", "v\u{fffd}m"),
    ] {
        let broken = Row::usual().with("resourceName", json, "");
        let (rows, page) = list(&page_of(&[Row::usual(), broken]), WANTED).unwrap();
        assert_eq!(page.rows, 2);
        assert_eq!(rows[0].1, "2026-11-20 1.5 EUR vm [team=web]", "the other row is whole");
        assert_eq!(rows[1].1, format!("2026-11-20 1.5 EUR {name} [team=web] text"));
    }
}

#[test]
fn what_nobody_looks_at_degrades_no_row() {
    let (json, csv) = (b"{\"team\": \"w\xff\", 5: }".as_slice(), b"\"team\": \"w\xff\", 5: ");
    let readable = b"{\"team\": \"w\xff\"}".as_slice();
    let untagged = RowOptions { tags: false, ..WANTED };
    let row = Row::usual().with("tags", readable, csv);
    assert_rows(vec![(row, "2026-11-20 1.5 EUR vm []")], untagged);
    let wrong = Row::usual().with("tags", "[1]", "no tags at all");
    assert_rows(vec![(wrong, "2026-11-20 1.5 EUR vm []")], untagged);
    // Invalid JSON is not repaired.
    assert!(list(&page_of(&[Row::usual().with("tags", json, "")]), untagged).is_err());
    let page = b"{\"x\":\"\xff\",\"value\":[{\"id\":\"\\ud83d\\q\",\"properties\":{\"date\":\"2026-11-20\",\"cost\":1,\"invoiceId\":\"\t\"}}]}";
    assert_eq!(list(page, WANTED).unwrap().0[0].1, "2026-11-20 1   []");
    let file = b"Date,Cost,Currency,InvoiceId\n2026-11-20,1,,\xff\n";
    assert_eq!(report(file, WANTED).unwrap().0[0].1, "2026-11-20 1   []");
}

#[test]
fn what_the_sum_needs_is_never_replaced() {
    let rows = |properties: &str| format!("{{\"value\":[{{\"properties\":{{{properties}}}}}]}}");
    for (page, why) in [
        (rows("\"co\\qst\":1"), "invalid escape"),
        (rows("\"cost\":\"1\\q\""), "invalid escape"),
        (rows("\"resourceName\":\"\\q\",\"cost\":1e400"), "invalid escape"),
        (
            rows("\"resourceName\":\"\\q\",\"cost\":1").replace("erties", "erti\\qes"),
            "invalid escape",
        ),
        ("{\"value\":[],\"nextLink\":\"https://a/\\q\"}".to_owned(), "invalid escape"),
        ("{\"value\":[],\"next\\qLink\":\"https://a/\"}".to_owned(), "invalid escape"),
        ("{\"value\":[],\"nextLink\":{\"a\":1}}".to_owned(), "nextLink is not a link"),
        ("{\"value\":[],\"nextLink\":[]}".to_owned(), "nextLink is not a link"),
        ("{\"value\":[{\"properties\":{\"resourceName\":\"\\q".to_owned(), "invalid escape"),
    ] {
        let error = list(page.as_bytes(), WANTED).unwrap_err();
        assert!(error.contains(why), "{page}: {error}");
    }
    let error = report(b"Date,Cost,Currency\n2026-11-20,1\xff,EUR\n", WANTED).unwrap_err();
    assert_eq!(error, "row 1 of the report: cost \"1\u{fffd}\": not a decimal number");
}

#[test]
fn tags_are_the_first_as_sent_and_count_as_far_as_they_can_be_read() {
    let tags = |json: &str, csv: &str| Row::usual().with("tags", json, csv);
    let same = |pairs: &str| tags(&format!("{{{pairs}}}"), pairs);
    let table = vec![
        (same(r#""team":"web","Team":"ops""#), "2026-11-20 1.5 EUR vm [team=web Team=ops]"),
        (same(r#""Team":"ops","team":"web""#), "2026-11-20 1.5 EUR vm [Team=ops team=web]"),
        (same(r#""team":"web","team":"ops""#), "2026-11-20 1.5 EUR vm [team=web team=ops]"),
        (same(r#""z":1,"a":true,"m":null"#), "2026-11-20 1.5 EUR vm [z=1 a=true m=]"),
        (same(r#""a":{"b":1},"team":"web","c":[]"#), "2026-11-20 1.5 EUR vm [team=web] tags"),
        (same(r#""team":1e400"#), "2026-11-20 1.5 EUR vm [team=1e400]"),
        (tags("null", ""), "2026-11-20 1.5 EUR vm []"),
        (tags("[]", "{}"), "2026-11-20 1.5 EUR vm []"),
        (tags("5", "5"), "2026-11-20 1.5 EUR vm [] tags"),
        (tags("[\"team\"]", "[\"team\"]"), "2026-11-20 1.5 EUR vm [] tags"),
        (tags("\"team=shop\"", "team=shop"), "2026-11-20 1.5 EUR vm [] tags"),
        (
            tags(r#""{\"team\": \"web\"}:""#, r#"{"team": "web"}:"#),
            "2026-11-20 1.5 EUR vm [team=web] tags",
        ),
        (
            tags(r#""\"team\": \"w\\ud83d\"""#, r#""team": "w\ud83d""#),
            "2026-11-20 1.5 EUR vm [team=w\u{fffd}] tags",
        ),
    ];
    assert_rows(table, WANTED);
}

#[test]
fn json_of_an_unexpected_type_is_no_text_and_fails_no_page() {
    let page = |fields: &str| {
        format!(
            "{{\"value\":[{{\"properties\":{{\"date\":\"2026-11-20\",\"cost\":1,{fields}}}}}]}}"
        )
    };
    for (fields, expected) in [
        (r#""resourceName":null"#, "2026-11-20 1   []"),
        (r#""resourceName":{"a":[1]}"#, "2026-11-20 1   [] text"),
        (r#""resourceName":["a"]"#, "2026-11-20 1   [] text"),
        (r#""resourceName":7"#, "2026-11-20 1  7 []"),
        (r#""resourceName":-1.5"#, "2026-11-20 1  -1.5 []"),
        (r#""resourceName":true"#, "2026-11-20 1  true []"),
        (r#""resourceName":1e999"#, "2026-11-20 1  1e999 []"),
        (r#""meterDetails":null"#, "2026-11-20 1   []"),
        (r#""meterDetails":"D2""#, "2026-11-20 1   [] text"),
        (r#""meterDetails":[{}]"#, "2026-11-20 1   [] text"),
        (r#""meterDetails":{"meterName":{}}"#, "2026-11-20 1   [] text"),
        (r#""meterDetails":{"meterName":"\q"}"#, "2026-11-20 1   [] text"),
        (r#""isEstimated":{}"#, "2026-11-20 1   [] text"),
        (r#""isEstimated":"perhaps""#, "2026-11-20 1   [] text"),
        (r#""isEstimated":1"#, "2026-11-20 1   [] text"),
        (r#""billingAccountId":{}"#, "2026-11-20 1   [] text"),
    ] {
        let (rows, _) = list(page(fields).as_bytes(), WANTED).unwrap();
        assert_eq!(rows[0].1, expected, "{fields}");
    }
    for (sent, estimated) in [
        ("true", "Some(\n        true"),
        ("\"true\"", "Some(\n        true"),
        ("\"False\"", "Some(\n        false"),
        ("null", "None"),
        ("\"\"", "None"),
    ] {
        let (rows, _) = list(page(&format!("\"isEstimated\":{sent}")).as_bytes(), WANTED).unwrap();
        assert!(rows[0].0.contains(&format!("estimated: {estimated}")), "{sent}: {}", rows[0].0);
        assert_eq!(rows[0].1, "2026-11-20 1   []", "{sent}");
    }
    for (properties, expected) in [
        ("null", "- 0   [] no_cost no_date"),
        ("\"x\"", "- 0   [] text no_cost no_date"),
        ("[1]", "- 0   [] text no_cost no_date"),
        ("5", "- 0   [] text no_cost no_date"),
    ] {
        let page = format!("{{\"value\":[{{\"properties\":{properties}}}]}}");
        assert_eq!(list(page.as_bytes(), WANTED).unwrap().0[0].1, expected, "{properties}");
    }
}

#[test]
fn a_header_that_is_no_utf_8_is_read_as_far_as_it_is() {
    let file =
        b"Datum (Date),Kosten (Cost),W\xe4hrung (Currency),Gr\xf6\xdfe\n11/20/2026,1,EUR,\xff\n";
    assert_eq!(report(file, WANTED).unwrap().0[0].1, "2026-11-20 1 EUR  []");
}
