import net from 'node:net';
import { Random } from '../random.mjs';

const ATTACKERS = 12;
/** Connections that are kept and say nothing more. */
const MOST_HELD = 16;

/** What nobody should send to a control socket, by a seed. */
export class Attack {
  sent = 0;
  #where;
  #random;
  #held = [];

  constructor(where, seed) {
    this.#where = where;
    this.#random = new Random(seed);
  }

  async run(messages) {
    const end = this.sent + messages;
    const attacks = [
      this.#garbage,
      this.#wrong,
      this.#huge,
      this.#half,
      this.#mute,
      this.#vanish,
      this.#flood,
    ];
    const attacker = async () => {
      while (this.sent < end) await this.#pick(attacks).call(this);
    };
    await Promise.all(Array.from({ length: ATTACKERS }, attacker));
    for (const socket of this.#held.splice(0)) socket.destroy();
  }

  /** One line of bytes. */
  async #garbage() {
    const socket = await this.#connect();
    socket.write(Buffer.concat([this.#bytes(this.#below(200)), Buffer.from('\n')]));
    this.sent++;
    await closed(socket);
  }

  /** Many messages that are well-formed, and wrong. */
  async #wrong() {
    const socket = await this.#connect();
    const count = 1 + this.#below(100);
    let answers = 0;
    const answered = new Promise((resolve) =>
      socket.on('data', (chunk) => {
        for (const byte of chunk) if (byte === 10) answers++;
        if (answers >= count) resolve();
      }),
    );
    for (let i = 0; i < count; i++) socket.write(`${this.#wrongMessage()}\n`);
    this.sent += count;
    await Promise.race([answered, closed(socket)]);
    socket.destroy();
  }

  #wrongMessage() {
    const values = [
      null,
      true,
      -1,
      1e308,
      '',
      'x'.repeat(100),
      [],
      {},
      [[[]]],
      { v: 1 },
      '\u0000',
      '__proto__',
    ];
    const value = () => this.#pick(values);
    return JSON.stringify(
      this.#pick([
        () => ({ v: value(), id: 1, command: 'status' }),
        () => ({ v: 1, id: 1, command: value() }),
        () => ({ v: 1, id: 1, command: 'scale', workers: this.#pick([null, true, '', 1.5, [], {}]) }),
        () => ({ v: 1, id: 1, command: 'scale', workers: 1000 + this.#below(1e6) }),
        () => ({ v: 1, id: 1, command: 'stop', force: this.#pick([null, 1, 'true', []]) }),
        () => ({ v: 1, id: 1, command: 'reload', now: value() }),
        () => ({ v: 1, id: 'x'.repeat(64), command: 'toString', ['__proto__']: value() }),
      ])(),
    );
  }

  /** A line that does not end. */
  async #huge() {
    const socket = await this.#connect();
    socket.write(this.#bytes(20_000 + this.#below(300_000)).map((byte) => (byte === 10 ? 11 : byte)));
    this.sent++;
    await closed(socket);
  }

  /** Half a message, and then nothing. */
  async #half() {
    const socket = await this.#connect();
    const whole = '{"v":1,"id":1,"command":"reload"}';
    socket.write(whole.slice(0, this.#below(whole.length)));
    this.sent++;
    this.#hold(socket);
  }

  /** Asks, and does not read what is answered. */
  async #mute() {
    const socket = await this.#connect();
    socket.pause();
    const count = 1 + this.#below(300);
    socket.write('{"v":1,"id":1,"command":"status"}\n'.repeat(count));
    this.sent += count;
    this.#hold(socket);
  }

  /** Asks, and is gone. */
  async #vanish() {
    const socket = await this.#connect();
    const text = this.#pick(['{"v":1,"id":1,"command":"status"}\n', '{"v":1,', '[', '\n']);
    if (this.#below(2) === 0) socket.end(text);
    else socket.write(text, () => socket.destroy());
    this.sent++;
  }

  async #flood() {
    const all = await Promise.all(Array.from({ length: 64 }, () => this.#connect()));
    for (const socket of all) {
      socket.write('{');
      this.sent++;
      socket.destroy();
    }
  }

  #connect() {
    return new Promise((resolve) => {
      const socket = net.connect(this.#where);
      socket.on('error', () => resolve(socket)); // EAGAIN, or cut at once: what is written goes nowhere
      socket.on('connect', () => resolve(socket));
      socket.on('data', () => {});
    });
  }

  #hold(socket) {
    this.#held.push(socket);
    if (this.#held.length > MOST_HELD) this.#held.shift().destroy();
  }

  #below(limit) {
    return this.#random.index(limit);
  }

  #pick(list) {
    return list[this.#below(list.length)];
  }

  #bytes(count) {
    return Buffer.from(Array.from({ length: count }, () => this.#below(256)));
  }
}

function closed(socket) {
  return socket.closed ? undefined : new Promise((resolve) => socket.once('close', resolve));
}
