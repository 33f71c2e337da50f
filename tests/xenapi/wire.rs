//! A second opinion on the wire: Python's `xmlrpc` reads our requests, and we read its responses; and it understands our
//! stand-in for xapi.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use vhd_porter::wire::Value;
use vhd_porter::wire::xmlrpc::{Request, Response};

use crate::xapi::{Reply, Xapi};

/// Reads a request on stdin, and answers with its parameters.
const ECHO: &str = "import sys, xmlrpc.client as x\n\
    params, method = x.loads(sys.stdin.buffer.read(), use_builtin_types=True)\n\
    assert method == 'VBD.create', method\n\
    answer = {'Status': 'Success', 'Value': list(params)}\n\
    sys.stdout.write(x.dumps((answer,), methodresponse=True, allow_none=True))\n";

/// Asks the server that the first argument names, as `XenAPI.py` does.
const ASK: &str = "import sys, json, xmlrpc.client as x\n\
    server = x.ServerProxy(sys.argv[1])\n\
    answers = [server.SR.get_record('OpaqueRef:session', 'OpaqueRef:sr'), server.SR.scan('OpaqueRef:session', '')]\n\
    sys.stdout.write(json.dumps(answers))\n";

/// A Python that runs `script`, if there is one.
fn python(script: &str, argument: &str) -> Option<Child> {
    let mut command = Command::new("python3");
    command.args(["-c", script, argument]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let python = command.spawn().ok();
    if python.is_none() {
        println!("skipped: what Python makes of XML-RPC: because there is no python3");
    }
    python
}

#[test]
fn python_understands_the_stand_in() {
    let (xapi, url) = Xapi::on_port();
    let record =
        json!({ "name_label": "a<b>&é", "shared": true, "VDIs": ["OpaqueRef:1", ""], "sm_config": {} });
    xapi.on("SR.get_record", Reply::Success(record.clone()));
    let description = ["SR_BACKEND_FAILURE_40", "", "why"];
    xapi.on("SR.scan", Reply::failure(&description));
    let Some(python) = python(ASK, &url) else { return };
    let output = python.wait_with_output().unwrap();
    let answers: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let success = json!({ "Status": "Success", "Value": record });
    assert_eq!(answers, json!([success, { "Status": "Failure", "ErrorDescription": description }]));
    let asked =
        [("SR.get_record".to_owned(), vec![json!("OpaqueRef:sr")]), ("SR.scan".to_owned(), vec![json!("")])];
    assert_eq!(xapi.calls(), asked);
}

#[test]
fn python_gets_and_gives_back_every_value() {
    let texts = Value::texts(["", "a&b<c>\"'", "é€😀\t", "two\nlines"]);
    let nested =
        Value::dict([("other_config", Value::Dict(vec![])), ("a<b", Value::List(vec![texts.clone()]))]);
    let values =
        vec![texts, nested, true.into(), false.into(), Value::Float(0.5), Value::Bytes(vec![0, 255])];
    let request = Request { method: "VBD.create".into(), params: values.clone() };
    let Some(mut python) = python(ECHO, "") else { return };
    python.stdin.take().unwrap().write_all(request.write().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(Response::read(&output.stdout), Ok(Response::Success(Value::List(values))));
}
