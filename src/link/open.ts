import { EvenkeelError } from '../errors.js';
import { type Hello, LINK_ENV } from '../messages.js';
import { ChannelPrimaryLink, ChannelWorkerLink } from './channel-link.js';
import { IpcPrimaryLink, IpcWorkerLink } from './ipc-link.js';
import {
  type PrimaryHandlers,
  type PrimaryLink,
  passesDescriptors,
  type Sharing,
  type WorkerLink,
} from './link.js';

/** The primary's end of a link to a worker to come. `sharing` makes what is the worker's from then on.
 * @throws the system's error; nothing stays open then. */
export function makeLink(hello: Hello, sharing: Sharing, handlers: PrimaryHandlers): PrimaryLink {
  const Link = passesDescriptors() ? ChannelPrimaryLink : IpcPrimaryLink;
  return new Link(hello, sharing, handlers);
}

/** The worker's end of the link that LINK_ENV names.
 * @throws EvenkeelError ERR_CHANNEL_MESSAGE */
export function openLink(text: string): WorkerLink {
  if (!passesDescriptors()) return new IpcWorkerLink(text);
  if (/^\d+$/.test(text)) return new ChannelWorkerLink(Number(text));
  throw new EvenkeelError('ERR_CHANNEL_MESSAGE', `${LINK_ENV} must name a descriptor, not '${text}'`);
}
