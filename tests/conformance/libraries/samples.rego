# Evaluates each query of a library of queries over the samples that come with it. v0, as the queries are.
package samples

documents(name, text) = [json.unmarshal(text)] {
	endswith(name, ".json")
}

documents(name, text) = found {
	not endswith(name, ".json")
	parts := split(replace(concat("", ["\n", text]), "\n---", "\u0000"), "\u0000")
	found := [yaml.unmarshal(part) | part := parts[_]; trim_space(part) != ""]
}

# As the library's own program hands documents over: with a name and a file.
document(name, text) = [object.union(doc, {"id": sprintf("%s#%d", [name, i]), "file": name}) |
	doc := documents(name, text)[i]
	is_object(doc)
]

answers[query] = found {
	files := data.samples_of[query]
	found := {name: result |
		text := files[name]
		result := data.queries[query].CxPolicy with input as {"document": document(name, text)}
	}
}
