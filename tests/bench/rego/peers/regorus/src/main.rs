//! regorus behind the benchmark's line protocol (see rego_engine.cc): `regorus_engine tree|rvm FOLDER`.
use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::time::Instant;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Value};

const ENTRYPOINT: &str = "data.bench.answer";

enum Machine {
    Tree(Engine),
    Rvm(RegoVM),
}

struct Scenario {
    machine: Machine,
    input: Value,
    text: String,
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn load(machine: &str, folder: &str, name: &str) -> Outcome<Scenario> {
    let file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(format!("{folder}/{name}.json"))?)?;
    let module = file["module"].as_str().unwrap_or_default();
    let data = Value::from_json_str(&file["data"].to_string())?;
    let text = file["input"].to_string();
    let mut engine = Engine::new();
    engine.add_policy("bench.rego".into(), module.into())?;
    engine.add_data(data.clone())?;
    let machine = if machine == "tree" {
        Machine::Tree(engine)
    } else {
        let policy = engine.compile_with_entrypoint(&ENTRYPOINT.into())?;
        let mut vm = RegoVM::new();
        vm.load_program(Compiler::compile_from_policy(&policy, &[ENTRYPOINT])?);
        vm.set_data(data)?;
        Machine::Rvm(vm)
    };
    Ok(Scenario { machine, input: Value::from_json_str(&text)?, text })
}

fn eval(machine: &mut Machine, input: Value) -> Outcome<Value> {
    Ok(match machine {
        Machine::Tree(engine) => {
            engine.set_input(input);
            engine.eval_rule(ENTRYPOINT.into())?
        }
        Machine::Rvm(vm) => {
            vm.set_input(input);
            vm.execute()?
        }
    })
}

fn time(on: &mut Scenario, mode: &str, runs: u32) -> Outcome<u128> {
    let start = Instant::now();
    let mut bytes = 0;
    for _ in 0..runs {
        if mode == "parsed" {
            eval(&mut on.machine, on.input.clone())?;
        } else {
            let input = Value::from_json_str(&on.text)?;
            bytes += eval(&mut on.machine, input)?.to_json_str()?.len();
        }
    }
    std::hint::black_box(bytes);
    Ok(start.elapsed().as_nanos())
}

fn handle(machine: &str, folder: &str, loaded: &mut HashMap<String, Scenario>, line: &str) -> Outcome<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let name = words[1].to_string();
    if words[0] == "load" {
        let scenario = load(machine, folder, &name)?;
        loaded.insert(name, scenario);
        return Ok("ok".into());
    }
    if words[0] == "drop" {
        loaded.remove(&name);
        return Ok("ok".into());
    }
    let on = loaded.get_mut(&name).ok_or("not loaded")?;
    match words[0] {
        "answer" => match eval(&mut on.machine, on.input.clone())? {
            Value::Undefined => Ok("undefined".into()),
            value => Ok(value.to_json_str()?.replace('\n', " ")),
        },
        "time" => Ok(time(on, words[2], words[3].parse()?)?.to_string()),
        _ => Ok("no measure".into()),
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut loaded = HashMap::new();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let reply = handle(&args[1], &args[2], &mut loaded, &line).unwrap_or_else(|e| format!("no {e:#}").replace('\n', " "));
        println!("{reply}");
        io::stdout().flush().ok();
    }
}
