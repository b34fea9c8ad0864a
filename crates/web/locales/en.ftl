# Around every page
brand = Selfsame
skip-link = Skip to content
nav-label = Account
nav-activity = Activity
nav-sign-out = Sign out
language-label = Language
footer = One person, many sign-ins, one account.
continue = Continue
cancel = Cancel
undo = Undo
or = or
list-separator = {", "}
support-code = Support code

# Dates
moment = { $day } { $month } { $year }, { $time } UTC
day = { $day } { $month } { $year }
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

# Devices
device = { $browser } on { $system }
device-unknown = Unknown device

# Fields
field-email = E-mail address
field-password = Password
field-account-password = Password of this account
field-name = Your name
field-code = Code from the e-mail
field-new-password = Choose a password
field-new-password-hint = At least 8 characters. A few unrelated words work well.
password-show = Show password
password-hide = Hide password
error-summary = That didn’t work yet

# Sign in
sign-in-title = Sign in
to-continue-to = to continue to { $client }
continue-with = Continue with { $provider }
last-used = Last used
sign-in-switch-notice = You are signed in as { $name }. If you sign in as somebody else, we’ll ask which account to use.
sign-in-nothing-enabled = Signing in is switched off at the moment. Please come back later.
cancelled-way-on = Choose again, or another way.
sign-in-new-here = New here?
sign-in-forget = Not you? Forget what this browser remembers
not-you = Not you?
password-title = Enter your password
password-code-title = Check that it’s you
sign-up-title = Create an account
sign-up-submit = Create account
sign-up-next = Next we’ll send a code to your address. Nothing is created before you have entered it.
sign-up-have-account = Already have an account?

# Code
code-title = Enter the code
code-sent-to = We sent a code to
code-purpose-sign-in = Enter it here to sign in.
code-purpose-sign-up = Enter it here to create your account.
code-purpose-external = { $provider } gave us this address. Enter the code to go on; the e-mail says what happens next.
code-purpose-confirm = Enter it here to confirm that it’s you.
code-resent = A new code is on its way. The earlier one no longer works.
code-attempts-left =
    { $count ->
        [one] One attempt left, then you’ll need a new code.
       *[other] { $count } attempts left, then you’ll need a new code.
    }
code-not-there = Nothing there? Look in spam, or wait a minute.
code-resend = Send a new code

# Switch and sign out
switch-title = Which account do you want to use?
switch-lead = You are already signed in here as somebody else.
switch-other = You just signed in as
switch-current = Signed in until now
switch-do = Switch to this account
switch-stay = Stay with this account
switch-unchanged = Neither account is changed by this.
signed-out-title = You are signed out
signed-out-lead = You can close this window. Applications you opened may keep you signed in for a little while.
signed-out-going-on = Other applications are being told. You go on in a moment.

# Cards
card-external = { $provider } account
card-address-not-confirmed = Address not confirmed
card-id = ID ending in
card-look-twice = This name mixes alphabets or hides characters. Compare the ID before you go on.
card-account = Your account here

# Conflict and linking
conflict-title = You already have an account
conflict-lead = Show us once that it’s yours, and you can open it with { $provider } from now on.
conflict-used = You just used
conflict-found = Account here with this address
conflict-prove = Is this your account?
effects-change = What will happen
effects-stay = What stays the same
conflict-change = { $provider } becomes one more way to sign in to this account.
conflict-stay = Your data, your address and your other ways to sign in. { $provider } gets nothing from us.
conflict-without = Continue without connecting
proof-others = Or prove it another way
proof-password = Use your password
proof-confirm = Confirm and go on
proof-code = E-mail me a code
confirm-link-title = Connect this { $provider } account?
confirm-link-silent = { $provider } answered with this account. Please check that it’s the one you want.
confirm-link-lead = Please check that these are the accounts you want to connect.
confirm-link-used = From { $provider }
confirm-link-yours = Your account here
confirm-link-do = Connect { $provider }
confirm-link-cancel = Don’t connect
connect-title = Connect { $provider }
connect-lead = You’ll go to { $provider }, choose an account there, and come back here.
connect-with = Provider
connect-you-choose = You choose the account on the next page.
connect-change = Whoever can sign in to that { $provider } account can open your account here. We’ll tell you by e-mail.
connect-stay = Your data and your other ways to sign in. You can remove { $provider } again at any time.
connect-do = Go to { $provider }
linked-title = { $provider } is connected
linked-lead = You can open your account with { $provider } from now on. We sent you an e-mail about it.
linked-new = New way to sign in
linked-not-yours = Not what you wanted?
linked-undo = Remove it again
notice-other-account-title = Another account is already connected
notice-address-taken-title = This address belongs to an account
notice-refused-title = We can’t let this through
notice-returning-title = This sign-in was removed earlier
with-title = Sign in with your provider
with-lead = It’s you. Your account opens through a provider that is connected to it, so please go on there.
again-title = Go to { $provider } once more
again-lead = It has been a few minutes since you came back from { $provider }. Go there once more to finish. Nothing you did here is lost.
again-used = You came with
notice-unchanged = Nothing has been changed or connected.

# Ways on
way-sign-in = Sign in
way-other-sign-in = Sign in another way
way-sign-up = Create an account
way-try-again = Try again
way-start-over = Start over
way-account = Back to your account
way-home = Go to the start page
way-back = Go back

# Account
account-title = Your sign-in methods
access-usable =
    { $count ->
        [0] Nothing opens your account at the moment.
        [one] One method opens your account.
       *[other] Any of these { $count } opens your account.
    }
access-one-mailbox = { $count } of them depend on the same mailbox.
access-all-one-mailbox = All of them depend on the same mailbox.
access-one-provider = { $count } of them depend on { $provider }.
access-all-one-provider = All of them depend on { $provider }.
access-add-independent = If you lose that, you lose your account. Add a way in that doesn’t depend on it: a passkey or a password.
account-methods = Ways to sign in
account-methods-none = There is no way to sign in yet. Add one below.
badge-used-now = Used now
badge-needs-attention = Needs attention
badge-provider-disabled = Switched off here
method-password = Password
method-email-code = Code by e-mail
method-passkey = Passkey
method-linked-on = Connected
method-set-on = Set
method-added-on = Added on
method-last-used = Last used
method-never-used = Not used yet
method-change-password = Change
method-password-stays = You can change it, but not remove it.
method-email-code-stays = It comes with your confirmed address.
method-remove = Remove
method-remove-label = Remove { $provider }
account-add = Add a way to sign in
account-add-lead = A second way in keeps you from being locked out.
account-connect = Connect { $provider }
account-set-password = Set a password
account-add-passkey = Add a passkey
account-addresses = E-mail addresses
account-addresses-none = No confirmed address yet.
address-proven-on = Confirmed
account-sessions = Where you are signed in
session-current = This device
session-since = since
session-end = End
session-end-label = End the session on { $device }
account-see-activity = See recent activity
flash-linked = { $provider } ({ $account }) is connected.
flash-removed = { $provider } no longer opens your account.
flash-password-set = Your password is set.
flash-passkey-added = Your passkey is added. You can sign in with it from now on.
flash-passkey-removed = The passkey is removed.
flash-session-ended = The session has ended.
flash-cancelled = You came back from { $provider } without connecting. Nothing has changed.
flash-already-linked = This { $provider } account is connected to you already.

# Removing
remove-title = Remove { $provider }?
remove-what = This way to sign in
remove-change = { $provider } will no longer open your account, and we’ll tell you by e-mail.
remove-sessions =
    { $count ->
        [one] One session opened with it ends.
       *[other] { $count } sessions opened with it end.
    }
remove-this-session = The one you are using now is among them, so you’ll sign in again.
remove-stay = You can still sign in with: { $methods }.
remove-step-up = You’ll be asked to confirm that it’s you.
remove-do = Remove { $provider }
remove-keep = Keep it
remove-again = You can connect it again later.

# Confirming
step-up-title = Confirm that it’s you
step-up-connect = You are about to connect { $provider } to your account.
step-up-remove = You are about to remove { $provider } from your account.
step-up-set-password = You are about to set a password for your account.
step-up-add-passkey = To add a passkey, confirm that it’s you.
step-up-continue = It has been a while since you signed in.
step-up-client = { $client } asks you to confirm that it’s you.
step-up-none = There is no method here that could confirm it. Sign out and in again, then come back.
step-up-cancel = Cancel and go back

# Activity
activity-title = Recent activity
activity-lead = Everything that touched your account. Something you don’t recognise? Remove that way to sign in and end its sessions.
activity-none = Nothing has happened yet.
activity-by = with
activity-by-operator = Done by an administrator
activity-older = Older
event-what-unknown = a sign-in method
event-user-created = Your account was created
event-user-disabled = Your account was switched off
event-user-enabled = Your account was switched on again
event-user-deleted = Your account was deleted
event-signed-in = You signed in
event-signed-out = You signed out
event-stepped-up = You confirmed that it’s you
event-session-ended = A session was ended
event-address-proven = Address confirmed: { $what }
event-password-set = Your password was set
event-passkey-added = A passkey was added
event-passkey-removed = A passkey was removed
event-linked = Connected: { $what }
event-unlinked = Removed: { $what }
event-link-refused = Not connected: { $what }
event-recycled-identity-noticed = Your address came with an account that isn’t connected: { $what }
event-connection-declared = Sign-in provider added: { $what }
event-connection-enabled = Sign-in provider switched on: { $what }
event-connection-disabled = Sign-in provider switched off: { $what }
event-link-moved = Moved between your accounts: { $what }
event-users-merged = Two of your accounts became one
event-link-held = On hold: { $what }
event-link-released = No longer on hold: { $what }
event-change-undone = Undone: { $what }
event-recovered = You got back into your account
event-connection-moved = Sign-in provider set up anew: { $what }
event-application-signed-in = Signed in to an application
event-consent-given = An application was allowed in
event-consent-withdrawn = Access of an application taken back
event-token-reused = A code or token came twice; what rested on it has ended
event-client-registered = An application was registered
event-client-changed = An application was changed
event-client-removed = An application was removed
event-registration-token-made = A token for registering applications was made
event-registration-token-revoked = A token for registering applications was taken back
event-member-added = Joined an organisation
event-member-removed = Left an organisation

# Password
set-password-title = Set a password
set-password-change-title = Change your password
set-password-lead = It becomes one more way to sign in.
set-password-change-lead = Other devices and applications will be signed out.
set-password-do = Save password
add-passkey-title = Add a passkey
add-passkey-lead = Your device keeps a key for this account and opens it with your fingerprint, face or screen lock. There is nothing to remember, and no page elsewhere can ask for it.
field-passkey-name = Name of this passkey
add-passkey-do = Create a passkey
passkey-use = Use a passkey
passkey-cancelled = No passkey answered. Try again, or choose another way.
passkey-needs-script = Passkeys need JavaScript. Please turn it on for this page, or choose another way.

# Errors
error-title-not-found = There is nothing here
error-title-unavailable = We’ll be right back
error-title-cancelled = You came back without signing in
error-title-provider = The provider didn’t answer as it should
error-title-stale = This page is no longer current
error-title-wait = Let’s slow down for a moment
error-title-wrong = That didn’t work
error-title-refused = We can’t let this through
error-retry = Reload this page in a moment.
error-help = What this means and what would change it

# Reasons
reason-other = Something didn’t work, and nothing was changed. Please try again.
reason-provider-down = We can’t reach the provider at the moment. Try again in a minute, or sign in another way.
reason-provider-cancelled = The sign-in at the provider was cancelled. Nothing has changed.
reason-provider-answer-invalid = The provider’s answer didn’t pass our checks, so we didn’t use it. Please try again or sign in another way.
reason-flow-expired = This took longer than we can keep it open. Please start again.
reason-flow-spent = This step is already done. Go on from where you are, or start again.
reason-flow-forged = This page doesn’t belong to a sign-in that was started in this browser. Please start again here.
reason-origin-mismatch = The request didn’t come from one of our pages. Please open the page again and retry.
reason-wrong-password = Address and password don’t match. Please check both, or choose another way.
reason-passkey-failed = That passkey couldn’t be used here. Try again, or choose another way.
reason-passkey-not-found = This passkey is not known here, or belongs to another account. Choose another one or another way.
reason-passkey-taken = This passkey has been added already.
reason-too-many-passkeys = Your account has as many passkeys as it can have. Remove one you no longer use first.
reason-wrong-code = This isn’t the code we sent last. Please compare it with the newest e-mail.
reason-code-expired = This code is too old by now. Have a new one sent to you.
reason-code-attempts-used-up = There were too many attempts with this code. Have a new one sent to you.
reason-throttled = There have been many attempts. Please wait a few minutes and try again.
reason-last-method = This is your only way in. Add another first.
reason-session-expired = You have been signed out in the meantime. Please sign in again.
reason-step-up-needed = Please confirm first that it’s you.
reason-identity-of-other-user = This account at the provider already opens another account here. Sign in with it, remove it there, and then connect it here.
reason-identity-held = This way to sign in is on hold for safety. Please sign in another way.
reason-match-inactive = We can’t sign you in this way. Please contact support with the code below.
reason-same-provider-other-subject = The account here is connected to a different account at this provider. Sign in to your other account, then add this one.
reason-address-belongs-to-account = This address already belongs to an account. Please sign in to it.
reason-sign-up-closed = New accounts can’t be created here. If you have an account, sign in to it.
reason-sign-up-invited = New accounts are by invitation here. Please use the link in your invitation.
reason-link-limit = You have connected as many accounts of this provider as possible. Remove one to connect another.
reason-purpose-forbids = This provider isn’t meant for this here. Please choose another way.
reason-connection-disabled = Signing in through this provider is switched off at the moment. Please choose another way.
reason-unknown-connection = We don’t know this provider. Please choose one from the list.
reason-old-epoch = This connection was set up anew since you last used it. Sign in another way and connect it again.
reason-user-inactive = This account can’t be used at the moment. Please contact support with the code below.
reason-weak-password = This password would be easy to guess. Try a longer one, or a few unrelated words.
reason-invalid-address = This doesn’t look like a complete e-mail address. It should read like name@example.org.
reason-wrong-user-proved = You confirmed a different account from the one shown. Please use a method of the account on this page.
reason-proof-by-same-identity = That is the very account you want to connect. Please confirm in another way.
reason-not-fresh = Your last sign-in there was a while ago. Please sign in again at the provider.
reason-database-unavailable = We can’t reach our records at the moment. Nothing was lost; please try again shortly.
reason-bad-request = Something in this request was not as expected. Please go back and try once more.
reason-not-found = This page doesn’t exist, or it has moved.
reason-already-linked = This is connected to your account already.
reason-link-not-found = This way to sign in isn’t on your account any more.
reason-password-already-set = Your account has a password already. You can change it instead.
reason-level-too-low = This needs a stronger way to sign in than the one you used.
reason-mail-limit = We have sent several e-mails to this address. Please wait a while before asking for another.
reason-internal-error = Something went wrong on our side. Nothing was changed; please try again.
reason-method-not-allowed = This way to sign in isn’t available here. Please choose another.
reason-invalid-name = Please tell us a name that fits on one line.
reason-no-account-here = There is no account with this address yet. You can create one, or try another address.
reason-identity-was-removed = This account at the provider was once connected here and then removed. To connect it again, sign in another way first. Or start with a separate account.
reason-ticket-outdated = Your account has changed since you started this. Please start again.
reason-unknown-application = We don’t know the application that sent you here. Please open it again from where you know it.
reason-redirect-not-registered = The application asked us to send you to a place that isn’t registered for it, so we stopped. Please tell whoever runs it.
reason-handover-invalid = The application waited too long to take over, or did so twice. Please sign in there again.
reason-busy = Many people are here at the moment. Nothing was lost; please try again shortly.
reason-outside-organisation = This provider is for members of an organisation. Please sign in another way.
reason-organisation-forces-connection = Your organisation wants you to confirm through its own provider. Please choose that one.
reason-several-matches = More than one account here could be meant. Sign in to the one you want, then add this provider there.
reason-session-scope = Here you can see your account but not change it. Sign in to it directly first.
reason-same-user = Both are the same account. There is nothing to do.
reason-undo-unknown = There is nothing here that could be undone.
reason-undo-spent = This was undone already.
reason-undo-expired = The time in which this could be undone is over. You can still change your sign-in methods in your account.
reason-more-proofs-needed = One more confirmation is needed, with a method that doesn’t depend on the first.
reason-too-short = This password is too short. Use at least 8 characters.
reason-too-long = This password is longer than we can take. Please choose a shorter one.
reason-guessable = This password would be easy to guess. Add another unrelated word or two.
reason-keyboard-row = Rows of keys are easy to guess. A few unrelated words work better.
reason-keyboard-pattern = Short patterns on the keyboard are easy to guess. A few unrelated words work better.
reason-repeated-character = Repeating one character adds little. Try a few unrelated words.
reason-repeated-pattern = Repeating the same piece adds little. Try a few unrelated words.
reason-common-password = Many people use this password, so it is tried first. Please choose another.
reason-similar-to-common = This is close to a password many people use. Please choose another.
reason-sequence = Sequences like abc or 6543 are easy to guess. Try a few unrelated words.
reason-recent-year = Years are easy to guess. Try a few unrelated words.
reason-single-word = One word alone is easy to guess. Add two or three unrelated ones.
reason-date = Dates are easy to guess. Try a few unrelated words.
reason-name = Names are easy to guess. Add a few unrelated words.
reason-device-code-unknown = No device shows this code, or not any more. Type the code that your device shows now.
reason-device-never-links = This account is not connected here, and that is not done on the way to a device. Sign in to your account first, then type the device’s code.

# Mails
mail-a-provider = a provider
mail-button = Review your account
mail-footer = You receive this because your address is confirmed at { $origin }.
mail-code-footer = Sent because somebody entered this address at { $origin }.
mail-fact-client = For
mail-fact-account = { $provider } account
mail-fact-id = ID ending in
mail-fact-at = When
mail-fact-device = Device
mail-fact-place = Place
mail-fact-proof = Confirmed with
mail-code-subject = Your code
mail-code-heading = Your code
mail-code-lead-sign-in = Somebody, hopefully you, wants to sign in with this address.
mail-code-lead-sign-up = Somebody, hopefully you, wants to create an account with this address.
mail-code-lead-connect = Somebody signed in with { $provider } and gave this address.
mail-code-lead-confirm = Somebody, hopefully you, is changing how your account can be opened.
mail-code-valid =
    { $count ->
        [one] It is valid for one minute.
       *[other] It is valid for { $count } minutes.
    }
mail-code-follows-sign-in = Whoever enters it is signed in.
mail-code-follows-sign-up = Entering it creates the account.
mail-code-follows-connect = Entering it shows that this mailbox is yours. If there is an account with this address, the next page asks before anything is connected.
mail-code-follows-confirm = Entering it confirms the change in the browser that asked for it.
mail-code-lead-sign-in-unknown = Somebody, hopefully you, wants to sign in with this address. There is no account with it yet.
mail-code-lead-sign-up-known = Somebody, hopefully you, wants to create an account with this address. There is one already.
mail-code-lead-prove = Somebody wants to connect an account at { $provider } to your account here.
mail-code-follows-sign-in-unknown = Entering it lets you go on and create an account.
mail-code-follows-sign-up-known = Entering it leads to the account you have; no second one is created.
mail-code-follows-prove = Entering it connects the account below. From then on, whoever can sign in to it can open your account.
mail-code-not-you = If this wasn’t you, do nothing: without the code nobody gets any further. Never give it to anybody; nobody from us will ask for it.
mail-linked-subject = { $provider } was connected to your account
mail-linked-heading = A new way to sign in
mail-linked-lead = { $provider } was connected to your account and can open it from now on.
mail-linked-not-you = If this wasn’t you, open your account, remove { $provider } there and end sessions you don’t recognise.
mail-unlinked-subject = { $provider } was removed from your account
mail-unlinked-heading = A way to sign in was removed
mail-unlinked-lead = { $provider } no longer opens your account. Sessions that were opened with it have ended.
mail-unlinked-not-you = If this wasn’t you, open your account and check your sign-in methods and sessions.
mail-recycled-identity-subject = Your address was used with another { $provider } account
mail-recycled-identity-heading = Another { $provider } account, same address
mail-recycled-identity-lead = Somebody signed in with a different { $provider } account that carries your address. It was not connected, and your account is unchanged.
mail-recycled-identity-not-you = If this was you, sign in as usual and add that account in your settings. If not, there is nothing you need to do.
mail-password-set-subject = Your password was set
mail-password-set-heading = Your password was set
mail-password-set-lead = A new password opens your account from now on.
mail-password-set-not-you = If this wasn’t you, open your account with another method, set a new password and end sessions you don’t recognise.
mail-passkey-added-subject = A passkey was added to your account
mail-passkey-added-heading = A passkey was added to your account
mail-passkey-added-lead = A new passkey opens your account from now on.
mail-passkey-added-not-you = If this wasn’t you, open your account, remove the passkey under your sign-in methods and end sessions you don’t recognise.
mail-passkey-removed-subject = A passkey was removed from your account
mail-passkey-removed-heading = A passkey was removed from your account
mail-passkey-removed-lead = This passkey no longer opens your account.
mail-passkey-removed-not-you = If this wasn’t you, open your account with another method and look at your sign-in methods and sessions.
mail-user-disabled-subject = Your account was switched off
mail-user-disabled-heading = Your account was switched off
mail-user-disabled-lead = An administrator switched your account off. All sessions have ended; your data is still there.
mail-user-disabled-not-you = If you don’t know why, please ask whoever runs this service.
mail-user-deleted-subject = Your account was deleted
mail-user-deleted-heading = Your account was deleted
mail-user-deleted-lead = Your account and what was stored about you have been deleted. All sessions have ended.
mail-user-deleted-not-you = If you didn’t expect this, please ask whoever runs this service.
mail-moved-subject = { $provider } now opens another account of yours
mail-moved-heading = A way to sign in has moved
mail-moved-lead = { $provider } was taken from one of your accounts to the other, and opens only that one from now on.
mail-moved-not-you = If this wasn’t you, open your account, check your sign-in methods and end sessions you don’t recognise.
mail-merged-subject = Two of your accounts became one
mail-merged-heading = Two accounts became one
mail-merged-lead = The ways to sign in and the addresses of both are in one account now. It can be undone for 30 days.
mail-merged-not-you = If this wasn’t you, open your account, undo it there and end sessions you don’t recognise.
mail-undone-subject = A change to your account was undone
mail-undone-heading = A change was undone
mail-undone-lead = A recent change to how your account can be opened was undone or put on hold.
mail-undone-not-you = If this wasn’t you, open your account and check your sign-in methods and sessions.
mail-recovered-subject = Somebody got back into your account
mail-recovered-heading = Your account was recovered
mail-recovered-lead = Somebody, hopefully you, showed that this account is theirs. All other sessions have ended, and sign-in methods added lately are on hold until you confirm them.
mail-recovered-not-you = If this wasn’t you, open your account with another method and ask whoever runs this service for help.

# Going on
notice-continue = Sign in to that account
notice-separate = Continue with a separate account
continue-title = Continue to { $client }
continue-lead = You are signed in already.
continue-do = Continue to { $client }
continue-switch = Use another account

# Applications
account-see-applications = Applications with access
consent-title = { $client } wants to know who you are
consent-lead = You are about to sign in to { $client }.
consent-unverified = { $client } registered itself, and nobody has checked its name. You will be sent to { $place }. Continue only if you know it.
consent-asked = What { $client } asks for
consent-known = allowed before
consent-allow = Allow
consent-refuse = Don’t allow
consent-later = You can take this back at any time on the page of applications with access.
scope-openid = That it is you, when you come back
scope-profile = Your name
scope-email = Your e-mail address
scope-offline-access = To go on knowing this while you are away
scope-identities = Which providers you sign in with
scope-aliases = What you were known by before you joined two accounts
scope-other = { $scope }
form-post-title = Back to the application
form-post-lead = Your answer is on its way. If nothing happens, continue yourself.
leave-title = Sign out?
leave-lead = You would be signed out here. Applications you use may know you for a little longer.
leave-lead-client = { $client } asks to sign you out here. Applications you use may know you for a little longer.
leave-stay = Stay signed in
applications-title = Applications with access
applications-lead = These applications know who you are. Taking access back ends what they hold at once; it does not delete what you have there.
applications-none = No application has access.
applications-since = Since
applications-withdraw = Take back
applications-withdraw-label = Take back the access of { $client }
applications-withdrawn = Access taken back.

# A device asks
device-title = Connect a device
device-lead = Type the code that your device shows.
device-compare = Is this the code that your device shows?
device-code = Code
device-own-code = Did somebody send or tell you a code? Do not go on: you would let them in as you.
device-answer-title = Sign in to { $client } on a device?
device-answer-lead = A device that shows this code wants to be signed in to { $client } as you.
device-warning = Only go on if you started this yourself, just now.
device-warning-why = If somebody sent you the code or a link, they would be signed in as you.
device-what = Device
device-where = Where
device-when = Asked at
device-same-network = In the same network as you
device-other-network = In another network than yours: { $network }
device-allow = Yes, sign in on the device
device-refuse = No, that was not me
device-allowed-title = The device is signed in
device-allowed-lead = Go on with { $client } there. You can close this page.
device-refused-title = The device was not let in
device-refused-lead = Nobody was signed in to { $client }. If you did not expect this question, somebody else asked for it: never type a code that you were sent.

# Second factor
factor-title = One more step
factor-lead = Enter the code that your authenticator app shows for this account.
field-totp = Code from your authenticator app
factor-use-recovery-code = Use a recovery code
field-recovery-code = Recovery code
field-recovery-code-hint = One of those you wrote down when you set up the app. Each works once.
account-second-factor = Two-step sign-in
account-second-factor-lead = With an authenticator app, a stolen password alone no longer opens your account.
account-add-totp = Set up an authenticator app
factor-app = Authenticator app
factor-on = On
factor-new-codes = New recovery codes
factor-turn-off = Turn off
flash-second-factor-off = Two-step sign-in is off.
step-up-second-factor = To change two-step sign-in, confirm that it’s you.
event-totp-added = Two-step sign-in was turned on
event-totp-removed = Two-step sign-in was turned off
event-recovery-codes-made = New recovery codes were made
add-totp-title = Set up an authenticator app
add-totp-lead = The app shows a new code every 30 seconds. We’ll ask for it at every sign-in, after your first step.
add-totp-scan = Scan this with the app
add-totp-qr = QR code for your authenticator app
add-totp-open = Open the app on this device
add-totp-type = Or type this key into the app:
add-totp-sessions = Every other session of your account ends.
add-totp-do = Turn on
recovery-codes-title = Write these codes down
recovery-codes-lead = Each opens your account once, in place of the app. Keep them where nobody else looks; we can’t show them again.
recovery-codes-set-up = Two-step sign-in is on.
recovery-codes-list = Your recovery codes
recovery-codes-done = I’ve written them down
factor-off-title = Turn two-step sign-in off?
factor-off-change = One step will be enough to open your account, and your recovery codes stop working. Every other session ends, and we’ll tell you by e-mail.
factor-off-stay = Your ways to sign in stay as they are.
factor-off-do = Turn off
factor-codes-title = Make new recovery codes?
factor-codes-change = The codes you have stop working. We’ll tell you by e-mail.
factor-codes-stay = Your authenticator app and your ways to sign in.
factor-codes-do = Make new codes
reason-wrong-totp = That code isn’t right, or was used already. Wait for the next one and try again.
reason-wrong-recovery-code = That recovery code isn’t right, or was used already.
reason-totp-setup-over = Setting this up took too long, or was begun in another session. Please start again.
reason-no-second-factor = Two-step sign-in is not on for this account.
reason-shared-access = What would remain all depends on one mailbox or one provider, and this account is protected. Add another way in first, such as a passkey.
mail-totp-added-subject = Two-step sign-in was turned on
mail-totp-added-heading = Two-step sign-in was turned on
mail-totp-added-lead = An authenticator app is asked for at every sign-in from now on. All other sessions have ended.
mail-totp-added-not-you = If this wasn’t you, recover your account from the sign-in page and ask whoever runs this service.
mail-totp-removed-subject = Two-step sign-in was turned off
mail-totp-removed-heading = Two-step sign-in was turned off
mail-totp-removed-lead = One step is enough to open your account from now on. All other sessions have ended.
mail-totp-removed-not-you = If this wasn’t you, open your account, turn it on again, set a new password and check your sign-in methods.
mail-recovery-codes-made-subject = New recovery codes were made
mail-recovery-codes-made-heading = New recovery codes were made
mail-recovery-codes-made-lead = The recovery codes you had no longer work.
mail-recovery-codes-made-not-you = If this wasn’t you, open your account, make new codes and end sessions you don’t recognise.
mail-recovery-code-used-subject = A recovery code was used
mail-recovery-code-used-heading = A recovery code was used
mail-recovery-code-used-lead = Somebody signed in to your account with one of your recovery codes. Codes left: { $left }.
mail-recovery-code-used-not-you = If this wasn’t you, open your account, make new codes and end sessions you don’t recognise.
factor-codes-left =
    { $count ->
        [0] No recovery codes left
        [one] { $count } recovery code left
       *[other] { $count } recovery codes left
    }

# Undoing
undo-connected-title = { $provider } was connected to your account
undo-connected-lead = If this was you, there is nothing to do. If it wasn’t, stop it here.
undo-on-hold-title = { $provider } is on hold
undo-on-hold-lead = It doesn’t open your account at the moment, and sessions opened with it have ended.
undo-gone-title = { $provider } is not connected any more
undo-gone-lead = It doesn’t open your account. There is nothing left to do here.
undo-removed-title = { $provider } was removed from your account
undo-removed-lead = If this was you, there is nothing to do. If it wasn’t, sign in and put it back.
undo-back-title = { $provider } opens your account again
undo-back-lead = It has been connected again since. There is nothing left to do here.
undo-other = You are signed in as { $name }, and this is about another account. Sign in to that one to go on.
undo-hold = This wasn’t me: put it on hold
undo-hold-lead = No sign-in is needed. { $provider } stops opening your account at once, and sessions opened with it end.
undo-remove = Remove { $provider }
undo-restore = Put { $provider } back
undo-sign-in-remove = Sign in to remove { $provider }
undo-sign-in-restore = Sign in to put { $provider } back
undo-until = This can be done until
release-title = Use { $provider } again?
release-lead = It is on hold until you say that it is yours. Compare the account before you go on.
release-change = Whoever can sign in to that { $provider } account can open your account here.
release-was-me = It was me
release-label = Use { $provider } again
badge-on-hold = On hold
flash-restored = { $provider } opens your account again.
flash-released = { $provider } is no longer on hold.
mail-button-not-me = This wasn’t me
mail-button-restore = Put it back
mail-linked-undo = If this wasn’t you, press the button: on the page it opens you can put { $provider } on hold at once, without signing in. You can do so for seven days.
mail-unlinked-undo = If this wasn’t you, press the button: after signing in you can put { $provider } back. You can do so for seven days.

# Getting back in
recover-link = I can’t sign in
way-recover = Get back into your account
recover-title = Get back into your account
recover-lead = Enter an e-mail address of your account. We’ll send a code there.
recover-what = Once you are back, all other sessions end. Ways to sign in that were added in the last seven days are put on hold until you confirm them, and passkeys or an authenticator app added in that time are removed.
recover-unavailable = Codes by e-mail are switched off here, so this page can’t let you in. Please ask whoever runs this service.
code-purpose-recover = Enter it here to get back into your account.
recover-proof-title = One more confirmation
recover-proof-lead = Your account needs a second confirmation that doesn’t depend on the first.
recover-proof-mailbox = E-mail a code to { $address }
recover-stuck = There is nothing else here that could confirm it’s you. Please ask whoever runs this service, and give them the code below.
recovered-title = You are back in your account
recovered-lead = All other sessions have ended, and every confirmed address got an e-mail about it.
recovered-held = On hold until you confirm
recovered-held-lead = These were added in the last days. Keep what is yours, and remove what isn’t.
recovered-none = Nothing is on hold.
recovered-passkeys = Passkeys or an authenticator app added in the last seven days were removed. You can add them again.
recovered-account = See all ways to sign in
mail-code-lead-recover = Somebody, hopefully you, can’t sign in and wants to get back into the account with this address.
mail-code-lead-recover-unknown = Somebody, hopefully you, wants to get back into an account with this address. There is no account with it.
mail-code-follows-recover = Entering it leads back into the account, or to one more confirmation. All other sessions end then.
mail-code-follows-recover-unknown = Entering it leads no further than that.
