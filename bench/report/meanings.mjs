// What a scenario is for, in a sentence for someone who has not read it.

const MEANINGS = {
  cpu: 'What it costs to get a connection to a worker: a new connection for each request, and nothing else to do.',
  keepalive:
    'What is left of the difference when clients keep their connections: balancing happens once for each.',
  rates:
    'How long a request takes when clients come at their own pace, counted from when each was due and not from when the generator got round to sending it.',
  skew: 'Who waits behind whom: some requests are long, most are short, and a short one may have a long one before it.',
  stall: 'Who notices that one worker stands still, and who goes on giving it connections.',
  kill: 'What the sudden death of a worker costs beyond the connections that die inside it.',
  restart: 'Whether a new version can be rolled out under load without a client noticing.',
  fairness:
    'Whether all workers get the same. Held connections matter most: an uneven spread lasts as long as they do.',
  tls: 'The same with a TLS handshake for each connection: the more a connection costs, the less balancing does.',
  memory: 'What each further worker, and the primary, take of memory.',
  startup: 'How long it takes from the command until every worker serves.',
};

const ALSO = {
  openloop: 'rates',
  latency: 'rates',
  rolling: 'restart',
  rollingrestart: 'restart',
  reload: 'restart',
  held: 'fairness',
  handshakes: 'tls',
  start: 'startup',
};

/** Undefined for a scenario that is not known here. */
export function meaningOf(name) {
  const plain = name.toLowerCase().replace(/[^a-z]/g, '');
  return MEANINGS[ALSO[plain] ?? plain];
}
