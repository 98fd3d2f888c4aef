// Stand-ins for a gateway that answer as a test says.
import { createServer } from "node:http";

async function listening(handle) {
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (piece) => { text += piece; });
    request.on("end", () => handle({ request, headers: request.headers, message: text === "" ? undefined : JSON.parse(text), text }, response));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections?.(); });
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}

export const allowed = (text = "ok", more = {}) => ({ result: { content: [{ type: "text", text }], isError: false,
  _intentgate: { decision: "allow", reason: "forwarded", check: "", latency_ms: 3 }, ...more } });
export const refused = (code, message = "refused", data = "the reason") => ({ error: { code, message, data } });

/** Answers the n-th request with the n-th of `answers`: {status, headers, body}, or a function of the request and the response. */
export async function scripted(...answers) {
  const seen = [];
  const { url, close } = await listening((asked, response) => {
    const answer = answers[Math.min(seen.length, answers.length - 1)];
    seen.push(asked);
    if (typeof answer === "function") return answer(asked, response);
    const { status = 200, headers = {}, body } = answer;
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify({ jsonrpc: "2.0", id: asked.message.id, ...body }));
  });
  return { url, close, seen };
}

/** The approvals of a gateway: the first call is escalated under an id, and a repetition with the id is held for as long as
 *  it asks for. `decide` answers whoever waits; a decision holds for one call with the arguments that were escalated. */
export async function approvalGateway({ holds = true, retryAfter = "1" } = {}) {
  const approvals = new Map(), seen = [], waiting = [];
  const pending = (id) => ({ headers: { "X-IntentGate-Approval-Id": id, "Retry-After": retryAfter }, body: refused(-32012, "policy check failed", "a person must agree") });
  const judged = (id, args) => {
    const approval = approvals.get(id);
    if (approval === undefined || approval.args !== args || approval.state === "used") return { body: refused(-32012, "policy check failed", "this approval does not hold for this call") };
    if (approval.state === "pending") return pending(id);
    const state = approval.state;
    approval.state = "used";
    return state === "approved" ? { body: allowed("paid") } : { body: refused(-32012, "policy check failed", "the approval was rejected") };
  };
  const send = ({ message }, response, { headers = {}, body }) => {
    response.writeHead(200, { "Content-Type": "application/json", ...headers });
    response.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, ...body }));
  };
  const { url, close } = await listening((asked, response) => {
    seen.push(asked);
    const args = JSON.stringify(asked.message.params);
    let id = asked.headers["x-intentgate-approval-id"];
    if (id === undefined) {
      id = `approval-${approvals.size + 1}`;
      approvals.set(id, { state: "pending", args });
    }
    const wait = /^wait=(\d+)$/.exec(asked.headers.prefer ?? "");
    if (!holds || wait === null || approvals.get(id)?.state !== "pending") return send(asked, response, judged(id, args));
    waiting.push({ id, answer: () => send(asked, response, judged(id, args)) });
    asked.request.socket.emit("held");
  });
  return {
    url, close, seen, waiting,
    decide(id, state) {
      approvals.get(id).state = state;
      for (const one of waiting.splice(0)) one.answer();
    },
  };
}
