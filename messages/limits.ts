/** A larger message is refused before it is parsed (docs/wire.md). */
export const MAX_MESSAGE_BYTES = 65_536;

/** An application message in a secure session. A larger one is refused (400); what is over one frame travels in chunks. */
export const MAX_APPLICATION_BYTES = 524_288;
