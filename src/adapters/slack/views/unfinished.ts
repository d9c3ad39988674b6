// What somebody is told whose answer did not come, or does not come yet.

export const BROKEN =
  'Something in me broke before I could finish. Nothing is half done that I do not remember: `/hsm-requests` shows what is stored. My log says more.'
/** Perhaps it was done, and only that could not be stored. */
export const TOO_OLD =
  'More than half an hour ago you asked me for something, and I do not know whether you had an answer. It is too long ago to just do it now: look at `/hsm-requests`, which shows what is stored, and ask again if it is still needed.'
export const RESTARTING =
  'I am being restarted in the middle of this. It is stored: I go on with it once I am back, and answer then.'
