//! Pages: rendered by the server, with a policy that names their scripts' nonce.

use crate::support::{Answer, ECHO, TestServer};
use serde_json::json;

#[tokio::test]
async fn pages_carry_the_nonce_their_policy_names() {
    let server = TestServer::start().await;
    let mut nonces = Vec::new();
    for path in ["/", "/playbooks", "/executions"] {
        let page = server.read(path).await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
        nonces.push(policy_of(path, &page).1);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 3, "a nonce is used once");
}

#[tokio::test]
async fn the_page_that_answers_a_refused_form_has_the_policy_of_every_page() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let page = server.read("/playbooks/tests/echo").await;
    let refused = send_form(&server, "run_playbook", "path=tests%2Fecho&version=1&input=%7B").await;
    assert!(refused.status == 400 && refused.text().contains("form-problem"), "{}", refused.text());
    let (policy, nonce) = policy_of("the page", &page);
    let (again, fresh) = policy_of("the answer", &refused);
    assert_eq!(policy, again);
    assert_ne!(nonce, fresh, "a nonce is used once");
}

/// A page's policy without its nonce, and the nonce, which every inline script carries.
fn policy_of(name: &str, page: &Answer) -> (String, String) {
    let policy = page.header("content-security-policy");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next());
    let nonce = nonce.unwrap_or_else(|| panic!("{name}: no nonce in {policy}"));
    let html = page.text();
    let scripts: Vec<&str> = html.split("<script").skip(1).collect();
    assert!(!scripts.is_empty(), "{name}: {html}");
    for script in scripts {
        let tag = script.split('>').next().unwrap_or_default();
        let is_ours = tag.contains(&format!("nonce=\"{nonce}\"")) || tag.contains(" src=\"/pkg/");
        assert!(is_ours, "{name}: <script{tag}>");
    }
    (policy.replace(nonce, ""), nonce.to_owned())
}

#[tokio::test]
async fn a_page_says_which_log_its_positions_are_of() {
    let server = TestServer::start().await;
    let status: serde_json::Value = serde_json::from_str(&server.read("/api/v1/health").await.text()).unwrap();
    let epoch = status["epoch"].as_str().unwrap();
    for path in ["/", "/executions", "/alerts"] {
        let html = server.read(path).await.text();
        let main = html.split("<main").nth(1).and_then(|rest| rest.split('>').next()).unwrap();
        assert!(main.contains(&format!("data-epoch=\"{epoch}\"")), "{path}: {main}");
    }
}

#[tokio::test]
async fn unknown_pages_are_pages_with_status_404() {
    let server = TestServer::start().await;
    for path in ["/nothing", "/deep/er/nothing"] {
        let page = server.read(path).await;
        assert_eq!((page.status, page.header("content-type")), (404, "text/html; charset=utf-8"), "{path}");
    }
}

#[tokio::test]
async fn a_pages_form_runs_a_playbook_without_any_script() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let own = format!("http://{}", server.address);
    let form = "path=tests%2Fecho&version=1&input=%7B%22word%22%3A%22typed%22%7D";
    let sent = server
        .post("/api/sf/run_playbook", "application/x-www-form-urlencoded", form)
        .header("accept", "text/html")
        .header("origin", &own)
        .header("referer", format!("{own}/playbooks/tests/echo"))
        .header("sec-fetch-site", "same-origin");
    let answer = Answer::of(sent).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let place = answer.header("location");
    let id = place.strip_prefix("/executions/").unwrap_or_else(|| panic!("sent to {place}"));
    assert_eq!(server.ended(id).await["result"]["word"], "typed");
    let page = server.read(place).await;
    assert!(page.status == 200 && page.text().contains("tests/echo"), "{}", page.status);
}

#[tokio::test]
async fn forms_of_other_origins_and_endless_forms_are_refused() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let form = "application/x-www-form-urlencoded";
    let foreign = server.post("/api/sf/run_playbook", form, "path=tests%2Fecho&version=1&input=");
    Answer::of(foreign.header("origin", "http://evil.test")).await.problem(403, "cross_site");
    let long = server.post("/api/sf/register_playbook", form, vec![b'a'; 2 << 20]);
    Answer::of(long).await.problem(413, "body_too_large");
    assert_eq!(server.read("/api/v1/executions").await.expect(200)["executions"], json!([]));
}

#[tokio::test]
async fn pages_are_compressed_for_those_who_ask() {
    let server = TestServer::start().await;
    for (accepts, coding) in [("gzip", "gzip"), ("br, gzip", "br"), ("identity", "")] {
        let page = Answer::of(server.get("/").header("accept-encoding", accepts)).await;
        assert_eq!((page.status, page.header("content-encoding")), (200, coding), "{accepts}");
    }
}

async fn send_form(server: &TestServer, name: &str, form: &str) -> Answer {
    let own = format!("http://{}", server.address);
    let sent = server
        .post(&format!("/api/sf/{name}"), "application/x-www-form-urlencoded", form.to_owned())
        .header("accept", "text/html")
        .header("origin", &own)
        .header("referer", format!("{own}/credentials"))
        .header("sec-fetch-site", "same-origin");
    Answer::of(sent).await
}

#[tokio::test]
async fn a_credential_is_stored_replaced_and_deleted_by_forms_and_never_shown() {
    let server = TestServer::start().await;
    let page = server.read("/credentials").await;
    assert!(page.status == 200 && page.text().contains("No credential is stored"), "{}", page.status);
    for kind in ["postgres", "bearer", "basic", "header", "api_key", "generic"] {
        let form = server.read(&format!("/credentials?type={kind}")).await.text();
        assert!(form.contains(&format!("name=\"kind\" value=\"{kind}\"")), "{kind}");
    }

    let form = "kind=postgres&name=pg&hint=of+tests&value%5Bhost%5D=db.test&value%5Bport%5D=5432&value%5Buser%5D=ada\
                &value%5Bpassword%5D=open-sesame&value%5Bdatabase%5D=";
    let stored = send_form(&server, "set_credential", form).await;
    assert_eq!((stored.status, stored.header("location")), (303, "/credentials?stored=pg"), "{}", stored.text());
    let listed = server.read("/credentials?stored=pg").await.text();
    assert!(listed.contains("pg is stored.") && listed.contains("of tests"), "{listed}");
    let spoken = server.read("/credentials?stored=hunted").await.text();
    assert!(!spoken.contains("hunted is stored"), "a link says nothing of what is not there");

    let replacing = server.read("/credentials?type=postgres&name=pg").await.text();
    assert!(replacing.contains("Replace the value of pg"), "{replacing}");
    let json =
        send_form(&server, "set_credential", "kind=generic&name=own&json=%7B%22pin%22%3A%22open-sesame%22%7D").await;
    assert_eq!(json.status, 303, "{}", json.text());
    let listed_json = server.read("/api/v1/credentials").await.expect(200);
    let kinds: Vec<_> = listed_json.as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["generic", "postgres"]);

    // What is wrong is said beside the form: what was entered is there again, but for secrets.
    let wrong = form.replace("name=pg", "name=p%2Fg");
    for (form, status) in [(wrong.as_str(), 422), ("kind=basic&name=web&value%5Bpassword%5D=open-sesame", 400)] {
        let refused = send_form(&server, "set_credential", form).await;
        assert_eq!(refused.status, status, "{}", refused.text());
        let text = refused.text();
        assert!(text.contains("form-problem") && !text.contains("sesame"), "{text}");
        assert!(
            status == 400 || (text.contains("p/g") && text.contains("db.test") && text.contains("of tests")),
            "{text}"
        );
    }

    for page in [listed, replacing] {
        assert!(!page.contains("sesame") && !page.contains("db.test"), "{page}");
    }
    let deleted = send_form(&server, "delete_credential", "name=pg").await;
    assert_eq!((deleted.status, deleted.header("location")), (303, "/credentials?deleted=pg"), "{}", deleted.text());
    assert_eq!(send_form(&server, "delete_credential", "name=pg").await.status, 404);
    assert_eq!(server.read("/api/v1/credentials").await.expect(200).as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_a_form_cannot_mean_is_told_as_the_api_tells_it() {
    let server = TestServer::start().await;
    for (name, form, status, part) in [
        ("create_token", "name=ci&role=viewer&days=soon", 422, "`soon` is no number of days"),
        ("create_token", "name=ci&role=root", 422, "`root` is no role"),
        ("cancel_execution", "execution_id=7", 400, "`7`"),
        ("bulk_executions", "action=cancel&executions=7&path=tests%2Fecho", 400, "`7`"),
    ] {
        let refused = send_form(&server, name, form).await;
        let text = refused.text();
        assert!(text.contains("form-problem") && text.contains(part), "{name} {form}: {text}");
        assert_eq!(refused.status, status, "{name} {form}");
    }
}
