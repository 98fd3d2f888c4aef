// As token_cases.cc, with the Node package.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { attenuate, decode } = await import(pathToFileURL(process.env.LIBINTENTGATE).href);

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const test = JSON.parse(line);
  let answer;
  try {
    const child = attenuate(test.token, test.caveats, { seal: test.seal, label: test.label });
    answer = { child, decoded: decode(child) };
  } catch (error) {
    answer = { error: error.code };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
