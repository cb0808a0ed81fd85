use serde_json::json;

use super::*;

const WHOLE: &str = r#"# 1. A caller
# It is about an order.

Caller: Hello, I would like
  to order.
Agent: Sure.

-> order_create {"items": [
     {"sku": "A"}]}
<- error not_found: I found no A.
   details.left is 2
   keep details.id as $id
-> approval_status
<- Nothing: waits.
   data is absent

Approver: approves
Approver: denies (too late (again))
Hangs up.
15 minutes pass.

Afterwards:
-> order_get {"order_id": "$id"}
   data.lines has 2
   data.id is "$id"
"#;

fn parse(source: &str) -> Result<Script, Broken> {
    Script::parse("1-a.txt", source)
}

#[test]
fn a_transcript_is_read_as_it_is_meant() {
    let script = parse(WHOLE).unwrap();
    assert_eq!(script.title, "1. A caller");
    let [Step::Call(create), Step::Call(status), yes, no, Step::HangUp, pass] = &script.steps[..]
    else {
        panic!("{:?}", script.steps)
    };
    assert_eq!(create.arguments, json!({ "items": [{ "sku": "A" }] }));
    let error = Heard::Error { code: "not_found".into(), sentence: "I found no A.".into() };
    assert_eq!(create.answer, Some((10, error)));
    assert_eq!(create.checks[0].what, What::Is(json!(2)));
    assert_eq!((create.checks[1].line, create.checks[1].path.as_str()), (12, "details.id"));
    assert_eq!(create.checks[1].what, What::Keep("id".into()));
    assert_eq!((status.line, &status.arguments), (13, &json!({})));
    assert_eq!(status.answer, Some((14, Heard::Say("Nothing: waits.".into()))));
    assert_eq!(status.checks[0].what, What::Absent);
    assert!(matches!(yes, Step::Decide { line: 17, denial: None }));
    assert!(matches!(no, Step::Decide { denial: Some(why), .. } if why == "too late (again)"));
    assert!(matches!(pass, Step::Pass { minutes: 15 }));
    let [get] = &script.afterwards[..] else { panic!("{:?}", script.afterwards) };
    assert_eq!((get.line, get.tool.as_str(), get.answer.is_none()), (23, "order_get", true));
    assert_eq!(get.checks[0].what, What::Has(2));
    assert_eq!(get.checks[1].what, What::Is(json!("$id")));
}

#[test]
fn what_was_heard_is_written_in_its_place_and_the_end_stays() {
    let missing = WHOLE.replace("<- Nothing: waits.\n   data is absent\n", "");
    let script = parse(&missing).unwrap();
    let say = |text: &str| Heard::Say(text.to_owned());
    let rewritten =
        script.rewritten(&[(8, say("Done.")), (13, say("It waits.")), (21, say("Never."))]);
    let expected = missing
        .replace("<- error not_found: I found no A.", "<- Done.")
        .replace("-> approval_status\n", "-> approval_status\n<- It waits.\n");
    assert_eq!(rewritten, expected);
    let error = Heard::Error { code: "conflict".into(), sentence: "Busy.".into() };
    let rewritten = parse(WHOLE).unwrap().rewritten(&[(13, error)]);
    assert_eq!(rewritten, WHOLE.replace("<- Nothing: waits.", "<- error conflict: Busy."));
    assert!(parse(&rewritten).is_ok());
}

#[test]
fn a_broken_transcript_is_named_by_file_and_line() {
    let good = "# 1. A\nCaller: Hi.\n";
    let end = "Afterwards:\n-> a\n   data.b is 1\n";
    assert!(parse(&format!("{good}{end}")).is_ok());
    for (line, broken, why) in [
        (3, "Customer: Hi.", "nothing that happens"),
        (3, "Caller:", "nothing that happens"),
        (3, "some minutes pass.", "nothing that happens"),
        (3, "Hangs up", "nothing that happens"),
        (3, "Approver: shrugs", "`approves` or `denies (reason)`"),
        (3, "Approver: denies", "`approves` or `denies (reason)`"),
        (3, "-> Tool {}", "no name of a tool"),
        (3, "-> a {\"b\" 1}", "the arguments are no JSON: "),
        (3, "-> a [1]", "no JSON object"),
        (3, "-> a {} {}", "the arguments are no JSON: "),
        (4, "-> a {\"b\":\n<- Yes.", "not complete"),
        (4, "-> a {\"b\":\n\n", "not complete"),
        (3, "<- Yes.", "nothing was called in the line above"),
        (5, "-> a\n<- Yes.\n<- No.", "nothing was called in the line above"),
        (5, "-> a\n\n<- Yes.", "nothing was called in the line above"),
        (5, "-> a\nAgent: Hm.\n<- Yes.", "nothing was called in the line above"),
        (4, "-> a\n<- error odd: No.", "`odd` is no code"),
        (4, "-> a\n<- error not_found", "`error code: sentence`"),
        (4, "Hangs up.\n   data.b is 1", "nothing stands above"),
        (5, "-> a\n<- Yes.\n   data.b is one", "`one` is no JSON"),
        (5, "-> a\n<- Yes.\n   data.b has some", "`some` is no count"),
        (5, "-> a\n<- Yes.\n   data.b equals 1", "this is not `path is value`"),
        (5, "-> a\n<- Yes.\n   keep data.b as id", "`as $name`"),
        (5, "-> a\n<- Yes.\n   data.b is \"$c\"", "nothing was kept as $c"),
        (3, "-> a {\"b\": [{\"c\": \"$d\"}]}", "nothing was kept as $d"),
    ] {
        let error = parse(&format!("{good}{broken}\n{end}")).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("1-a.txt", line), "{broken}: {error}");
        assert!(error.why.contains(why), "{broken}: {error}");
    }
    for (source, said) in [
        ("", "1-a.txt:1: the first line is no title"),
        ("Caller: Hi.\n", "1-a.txt:1: the first line is no title"),
        ("# A\nAfterwards:\n-> a\n   b is 1\n", "1-a.txt:4: nobody calls"),
        ("# A\nCaller: Hi.\n", "1-a.txt:2: nothing is looked at"),
        ("# A\nCaller: Hi.\nAfterwards:\n", "1-a.txt:3: nothing is looked at"),
        ("# A\nCaller: Hi.\nAfterwards:\n-> a\n   b is 1\n-> c\n", "1-a.txt:6: nothing is said of"),
        ("# A\nCaller: Hi.\nAfterwards:\nHangs up.\n", "1-a.txt:4: under `Afterwards:` are only"),
        ("# A\nCaller: Hi.\nAfterwards:\n-> a {\n", "1-a.txt:4: the arguments above"),
    ] {
        let error = parse(source).unwrap_err().to_string();
        assert!(error.starts_with(said), "{source}: {error}");
    }
}
