/** What was asked for cannot be: the message says what to do, and the exit status is 2. */
export class UsageError extends Error {}
