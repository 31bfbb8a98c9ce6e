// Reads the AsyncAPI document with AsyncAPI's own parser and prints what it says, then compiles what it resolved: each
// payload as the JSON Schema draft that the document names and as the one that the file names. The parser leaves that
// to others. Exit 1 for an error or a warning.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { DiagnosticSeverity, Parser } from "@asyncapi/parser";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";

const drafts = { "draft-07": Ajv, "draft-2020-12": Ajv2020 };
const format = "application/schema+json;version=draft-07";
const path = fileURLToPath(new URL("../../docs/contracts/asyncapi.json", import.meta.url));
const { document, diagnostics } = await new Parser().parse(await readFile(path, "utf8"), { source: path });
const wrong = [];

for (const { severity, code, path: where, message } of diagnostics) {
  const line = `${DiagnosticSeverity[severity]} ${code} at ${where.join(".")}: ${message}`;
  console.log(line);
  if (severity <= DiagnosticSeverity.Warning) wrong.push(line);
}

function compile(name, schema) {
  for (const [draft, Compiler] of Object.entries(drafts)) {
    try {
      const { $schema, ...rest } = schema;
      formats(new Compiler({ strict: false })).compile(rest);
    } catch (error) {
      wrong.push(`${name}: ${draft}: ${error.message}`);
    }
  }
}

const messages = document?.messages().all() ?? [];
for (const message of messages) {
  const { schemaFormat, schema } = message.payload().json();
  if (schemaFormat !== format) wrong.push(`${message.name()}: ${schemaFormat}, and not ${format}`);
  if (schema.type !== "object" && !schema.oneOf) wrong.push(`${message.name()}: no object`);
  compile(message.name(), schema);
  if (message.hasHeaders()) compile(`${message.name()}, headers`, message.headers().json());
}

if (messages.length === 0 || wrong.length > 0) {
  console.log([...wrong, `${messages.length} messages, ${wrong.length} problems`].join("\n"));
  process.exit(1);
}
const [channels, operations] = [document.channels().all(), document.operations().all()];
console.log(
  `AsyncAPI ${document.version()}: ${channels.length} channels, ${operations.length} operations,` +
    ` ${messages.length} messages, no errors, no warnings`,
);
