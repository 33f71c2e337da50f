//! The table of plugins, written out: for people, and for programs that install or document them.

use serde_json::{Value, json};

use super::plugin::{Function, Parameter, Plugin};

/// A line for each function: plugin, function, parameters; those that may be left out in brackets.
pub(super) fn words(plugins: &[Plugin]) -> String {
    let mut text = String::new();
    for (plugin, function) in plugins.iter().flat_map(|p| p.functions.iter().map(move |f| (p, f))) {
        text += &format!("{} {}", plugin.name, function.name);
        for Parameter { name, required } in function.parameters {
            text += &if *required { format!(" {name}") } else { format!(" [{name}]") };
        }
        text.push('\n');
    }
    text
}

/// The same as one JSON document: `{"version", "plugins": [{"name", "about", "functions": [{"name", "encoding",
/// "parameters": [{"name", "required"}]}]}]}`.
pub(super) fn document(plugins: &[Plugin]) -> String {
    let parameter = |p: &Parameter| json!({ "name": p.name, "required": p.required });
    let function = |f: &Function| {
        let parameters: Vec<Value> = f.parameters.iter().map(parameter).collect();
        json!({ "name": f.name, "encoding": f.encoding.name(), "parameters": parameters })
    };
    let plugin = |p: &Plugin| {
        let functions: Vec<Value> = p.functions.iter().map(function).collect();
        json!({ "name": p.name, "about": p.about, "functions": functions })
    };
    let plugins: Vec<Value> = plugins.iter().map(plugin).collect();
    format!("{:#}\n", json!({ "version": env!("CARGO_PKG_VERSION"), "plugins": plugins }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire;

    const PLUGINS: &[Plugin] = &[Plugin {
        name: "p",
        about: "A plugin",
        functions: &[Function::plain("f", &[Parameter::required("a"), Parameter::optional("b")], |_| {
            Ok(wire::Value::None)
        })],
    }];

    #[test]
    fn every_function_is_listed_with_its_parameters() {
        assert_eq!(words(PLUGINS), "p f a [b]\n");
        let document: Value = serde_json::from_str(&document(PLUGINS)).unwrap();
        let plugin = &document["plugins"][0];
        let function = &plugin["functions"][0];
        assert_eq!((&plugin["name"], &function["encoding"]), (&json!("p"), &json!("plain")));
        assert_eq!(function["parameters"][1], json!({ "name": "b", "required": false }));
    }
}
