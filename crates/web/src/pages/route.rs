//! The paths that pages link and post to. Handlers mount the same constants, so that the two cannot drift apart.

/// The parameter that switches the language, on any page (OpenID Connect Core §3.1.2.1 gives it its name).
pub const LANGUAGE: &str = "ui_locales";
/// Start a sign-in (GET).
pub const SIGN_IN: &str = "/sign-in";
/// As [`SIGN_IN`], with all choices wherever it would lead otherwise.
pub const CHOOSE: &str = "/sign-in?choose=true";
/// `flow`, `connection`.
pub const START_PROVIDER: &str = "/sign-in/start-provider";
/// `flow`, `email`.
pub const EMAIL: &str = "/sign-in/email";
/// `flow`, and a passkey: `ceremony`, `passkey`.
pub const PASSKEY: &str = "/sign-in/passkey";
/// `flow`, `email`, `password`; or, with `method=code`, asks for a code instead.
pub const PASSWORD: &str = "/sign-in/password";
/// `flow`: forgets address and last-used method in this browser ("not you?").
pub const FORGET: &str = "/sign-in/forget";
/// The form (GET) and its answer (POST: `flow`, `name`, `email`, `password`).
pub const SIGN_UP: &str = "/sign-up";
/// `flow`, `code`.
pub const CODE: &str = "/sign-in/code";
/// `flow`.
pub const RESEND_CODE: &str = "/sign-in/code/resend";
/// `flow` and `code`, `recovery_code`, or a passkey.
pub const SECOND_FACTOR: &str = "/sign-in/second-factor";
/// Proof for the conflict and on the way back in: `flow` and `method=password` with `password`, `method=code`,
/// `mailbox` (which of those offered), or `connection`.
pub const PROVE: &str = "/sign-in/prove";
/// `flow`: go on to a separate user, where policy allows one.
pub const CONTINUE_WITHOUT: &str = "/sign-in/continue-without";
/// `flow`, `choice=continue|switch`: to the application, or to the account whose mailbox was shown.
pub const CONTINUE: &str = "/sign-in/continue";
/// `flow`, `choice=connect|cancel`.
pub const CONFIRM_LINK: &str = "/sign-in/confirm-link";
/// `flow`, `choice=switch|stay`.
pub const SWITCH_USER: &str = "/sign-in/switch";
/// Back into an account (GET).
pub const RECOVER: &str = "/recover";
/// What was put on hold on the way (GET).
pub const RECOVERED: &str = flows::RECOVERED;
/// Why a provider's answer led nowhere (GET, `?kind=&reason=`).
pub const FAILED: &str = "/sign-in/failed";
/// Ends this session.
pub const SIGNED_OUT: &str = "/signed-out";
pub const SIGN_OUT: &str = "/sign-out";
/// Sign-in methods and sessions.
pub const ACCOUNT: &str = "/account";
/// The consent page (GET, `?connection=`) and the start of linking (POST, `connection`).
pub const CONNECT: &str = "/account/methods/connect";
/// The confirmation (GET, `?method=`) and the removal (POST, `method`).
pub const REMOVE: &str = "/account/methods/remove";
/// `flow` and a proof as for [`PROVE`].
pub const STEP_UP: &str = "/account/step-up";
/// The confirmation (GET, `?method=`) that one on hold opens the account again, and its answer (POST, `method`).
pub const RELEASE: &str = "/account/methods/release";
/// What a notice is about (GET, with what it carries behind a slash) and the answer (POST: `token`, `choice=hold|undo`).
pub const UNDO: &str = "/undo";
/// `?before=` pages back.
pub const ACTIVITY: &str = "/account/activity";
/// `ceremony`, `passkey`, `name`.
pub const ADD_PASSKEY: &str = "/account/passkeys/add";
/// What begins all of the second factor's pages.
pub const SECOND_FACTOR_SETTINGS: &str = "/account/second-factor/";
/// The page (GET) and its answer (POST: `setup`, `code`).
pub const ADD_TOTP: &str = "/account/second-factor/add";
/// The confirmation (GET) and the change (POST).
pub const REMOVE_TOTP: &str = "/account/second-factor/remove";
/// The confirmation (GET) and the new codes (POST).
pub const RECOVERY_CODES: &str = "/account/second-factor/codes";
/// `flow`, `password`.
pub const SET_PASSWORD: &str = "/account/password";
/// Where clients send people (GET; RFC 6749 §3.1).
pub const AUTHORIZE: &str = "/oauth2/authorize";
/// `request`, `choice=allow|refuse`.
pub const CONSENT: &str = "/oauth2/consent";
/// Signing out for a client (OpenID Connect RP-Initiated Logout 1.0 §2); from our own page with `choice=leave|stay`.
pub const LEAVE: &str = "/oauth2/logout";
/// Where the code of a device is typed (GET, `?user_code=`; POST: `code`; RFC 8628 §3.3).
pub const DEVICE: &str = flows::DEVICE_PATH;
/// What the device asks for (GET, `?request=`) and the answer (POST: `request`, `choice=allow|refuse`).
pub const DEVICE_ANSWER: &str = "/device/answer";
/// How it ended (GET, `?answer=`).
pub const DEVICE_DONE: &str = "/device/done";
/// Applications with access.
pub const APPLICATIONS: &str = "/account/applications";
/// `client`.
pub const WITHDRAW: &str = "/account/applications/withdraw";
/// `session`.
pub const END_SESSION: &str = "/account/sessions/end";
