/** The input cannot be taken; the message is the one sentence that the user reads. */
export class Refusal extends Error {}
