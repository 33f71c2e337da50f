//! `xenstore`: the records of a guest.
//!
//! Values come back as JSON: as they are if they are JSON, else as strings.

use vhd_porter::dom0::{DomainId, Record, Xenstore};
use vhd_porter::host::{self, Arguments, Failure, Function, Parameter, Plugin};
use vhd_porter::wire::Value;
use vhd_porter::wire::json::{self, jsonified};

const DOM_ID: Parameter = Parameter::required("dom_id");
const PATH: Parameter = Parameter::required("path");

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "xenstore",
    about: "Reads and writes a guest's records in xenstore",
    functions: &[
        Function::json(
            "read_record",
            &[DOM_ID, PATH, Parameter::optional("ignore_missing_path")],
            read_record,
        ),
        Function::json("write_record", &[DOM_ID, PATH, Parameter::required("value")], write_record),
        Function::json("list_records", &[DOM_ID, PATH], list_records),
        Function::json("delete_record", &[DOM_ID, PATH], delete_record),
    ],
};

/// What a record holds; with `ignore_missing_path`, `"None"` if there is none.
fn read_record(arguments: &Arguments) -> Result<Value, Failure> {
    let (xenstore, record) = (xenstore()?, record(arguments)?);
    let value = if arguments.flag("ignore_missing_path")? {
        xenstore.find(&record)?.unwrap_or_else(|| "None".to_owned())
    } else {
        xenstore.read(&record)?
    };
    Ok(jsonified(value).into())
}

/// Writes a record and gives back what was written.
fn write_record(arguments: &Arguments) -> Result<Value, Failure> {
    let value = arguments.text("value")?;
    xenstore()?.write(&record(arguments)?, value)?;
    Ok(jsonified(value.to_owned()).into())
}

/// All records below a path, which may be empty, by their paths from there.
fn list_records(arguments: &Arguments) -> Result<Value, Failure> {
    let top = Record::subtree(domain(arguments)?, arguments.text("path")?)?;
    let records = xenstore()?.list(&top)?;
    let entries = records.into_iter().map(|(path, value)| {
        let value = json::read(&value).unwrap_or(Value::Text(value));
        (path, value)
    });
    Ok(json::write(&Value::dict(entries)).into())
}

/// Removes a record and all below it; that there is none is no failure.
fn delete_record(arguments: &Arguments) -> Result<Value, Failure> {
    xenstore()?.remove(&record(arguments)?)?;
    Ok(jsonified(String::new()).into())
}

fn xenstore() -> Result<Xenstore, Failure> {
    Ok(Xenstore::configured(&host::settings()?))
}

fn domain(arguments: &Arguments) -> Result<DomainId, Failure> {
    Ok(DomainId::new(arguments.u64("dom_id")?)?)
}

fn record(arguments: &Arguments) -> Result<Record, Failure> {
    Ok(Record::new(domain(arguments)?, arguments.text("path")?)?)
}
