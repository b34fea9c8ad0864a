# Rund um jede Seite
brand = Selfsame
skip-link = Zum Inhalt springen
nav-label = Konto
nav-activity = Aktivität
nav-sign-out = Abmelden
language-label = Sprache
footer = Eine Person, viele Anmeldungen, ein Konto.
continue = Weiter
cancel = Abbrechen
undo = Rückgängig
or = oder
list-separator = {", "}
support-code = Support-Code

# Datum
moment = { $day }. { $month } { $year }, { $time } UTC
day = { $day }. { $month } { $year }
month-1 = Jan.
month-2 = Feb.
month-3 = März
month-4 = Apr.
month-5 = Mai
month-6 = Juni
month-7 = Juli
month-8 = Aug.
month-9 = Sept.
month-10 = Okt.
month-11 = Nov.
month-12 = Dez.

# Geräte
device = { $browser } auf { $system }
device-unknown = Unbekanntes Gerät

# Felder
field-email = E-Mail-Adresse
field-password = Passwort
field-account-password = Passwort dieses Kontos
field-name = Ihr Name
field-code = Code aus der E-Mail
field-new-password = Passwort wählen
field-new-password-hint = Mindestens 8 Zeichen. Ein paar Wörter ohne Zusammenhang eignen sich gut.
password-show = Anzeigen
password-hide = Verbergen
error-summary = Das hat noch nicht geklappt

# Anmelden
sign-in-title = Anmelden
to-continue-to = weiter zu { $client }
continue-with = Weiter mit { $provider }
last-used = Zuletzt benutzt
sign-in-switch-notice = Sie sind als { $name } angemeldet. Melden Sie sich als jemand anderes an, fragen wir, welches Konto gelten soll.
sign-in-nothing-enabled = Die Anmeldung ist gerade abgeschaltet. Bitte kommen Sie später wieder.
cancelled-way-on = Wählen Sie noch einmal, oder einen anderen Weg.
sign-in-new-here = Neu hier?
sign-in-forget = Nicht Sie? Vergessen, was dieser Browser sich gemerkt hat
not-you = Nicht Sie?
password-title = Passwort eingeben
password-code-title = Kurz bestätigen, dass Sie es sind
sign-up-title = Konto anlegen
sign-up-submit = Konto anlegen
sign-up-next = Als Nächstes schicken wir einen Code an Ihre Adresse. Vorher wird nichts angelegt.
sign-up-have-account = Schon ein Konto?

# Code
code-title = Code eingeben
code-sent-to = Wir haben einen Code geschickt an
code-purpose-sign-in = Geben Sie ihn hier ein, um sich anzumelden.
code-purpose-sign-up = Geben Sie ihn hier ein, um Ihr Konto anzulegen.
code-purpose-external = Diese Adresse haben wir von { $provider }. Geben Sie den Code ein, um fortzufahren; in der E-Mail steht, was dann geschieht.
code-purpose-confirm = Geben Sie ihn hier ein, um zu bestätigen, dass Sie es sind.
code-resent = Ein neuer Code ist unterwegs. Der vorige gilt nicht mehr.
code-attempts-left =
    { $count ->
        [one] Noch ein Versuch, danach brauchen Sie einen neuen Code.
       *[other] Noch { $count } Versuche, danach brauchen Sie einen neuen Code.
    }
code-not-there = Nichts angekommen? Schauen Sie im Spam nach oder warten Sie eine Minute.
code-resend = Neuen Code schicken

# Wechseln und abmelden
switch-title = Welches Konto möchten Sie benutzen?
switch-lead = Hier ist schon jemand anderes angemeldet.
switch-other = Gerade angemeldet als
switch-current = Bisher angemeldet
switch-do = Zu diesem Konto wechseln
switch-stay = Bei diesem Konto bleiben
switch-unchanged = Beide Konten bleiben, wie sie sind.
signed-out-title = Sie sind abgemeldet
signed-out-lead = Sie können dieses Fenster schließen. Geöffnete Anwendungen erkennen Sie vielleicht noch für kurze Zeit.
signed-out-going-on = Andere Anwendungen erfahren gerade davon. Gleich geht es weiter.

# Karten
card-external = Konto bei { $provider }
card-address-not-confirmed = Adresse nicht bestätigt
card-id = Kennung endet auf
card-look-twice = Dieser Name mischt Alphabete oder verbirgt Zeichen. Vergleichen Sie die Kennung, bevor Sie fortfahren.
card-account = Ihr Konto hier

# Konflikt und Verbinden
conflict-title = Sie haben schon ein Konto
conflict-lead = Zeigen Sie einmal, dass es Ihres ist. Danach öffnen Sie es auch mit { $provider }.
conflict-used = Gerade benutzt
conflict-found = Konto hier mit dieser Adresse
conflict-prove = Ist das Ihr Konto?
effects-change = Was geschieht
effects-stay = Was bleibt, wie es ist
conflict-change = Mit { $provider } können Sie sich künftig ebenfalls bei diesem Konto anmelden.
conflict-stay = Ihre Daten, Ihre Adresse und Ihre anderen Anmeldewege. { $provider } erhält nichts von uns.
conflict-without = Weiter, ohne zu verbinden
proof-others = Oder anders bestätigen
proof-password = Mit Passwort bestätigen
proof-confirm = Bestätigen und weiter
proof-code = Code per E-Mail schicken
confirm-link-title = Dieses Konto bei { $provider } verbinden?
confirm-link-silent = { $provider } hat mit diesem Konto geantwortet. Bitte prüfen Sie, ob es das richtige ist.
confirm-link-lead = Bitte prüfen Sie, ob Sie diese Konten verbinden möchten.
confirm-link-used = Von { $provider }
confirm-link-yours = Ihr Konto hier
confirm-link-do = { $provider } verbinden
confirm-link-cancel = Nicht verbinden
connect-title = { $provider } verbinden
connect-lead = Sie gehen zu { $provider }, wählen dort ein Konto und kommen hierher zurück.
connect-with = Anbieter
connect-you-choose = Das Konto wählen Sie auf der nächsten Seite.
connect-change = Wer sich bei diesem Konto von { $provider } anmelden kann, kann Ihr Konto hier öffnen. Wir benachrichtigen Sie per E-Mail.
connect-stay = Ihre Daten und Ihre anderen Anmeldewege. { $provider } können Sie jederzeit wieder entfernen.
connect-do = Zu { $provider }
linked-title = { $provider } ist verbunden
linked-lead = Ab jetzt öffnen Sie Ihr Konto auch mit { $provider }. Wir haben Ihnen dazu eine E-Mail geschickt.
linked-new = Neuer Anmeldeweg
linked-not-yours = Nicht so gewollt?
linked-undo = Wieder entfernen
notice-other-account-title = Ein anderes Konto ist schon verbunden
notice-address-taken-title = Diese Adresse gehört zu einem Konto
notice-refused-title = Das können wir nicht zulassen
notice-returning-title = Dieser Anmeldeweg wurde früher entfernt
with-title = Über Ihren Anbieter anmelden
with-lead = Sie sind es. Ihr Konto öffnet sich über einen Anbieter, der mit ihm verbunden ist; bitte machen Sie dort weiter.
again-title = Noch einmal zu { $provider }
again-lead = Seit Sie von { $provider } zurückgekommen sind, sind ein paar Minuten vergangen. Gehen Sie zum Abschluss noch einmal dorthin. Nichts, was Sie hier getan haben, geht verloren.
again-used = Sie kamen mit
notice-unchanged = Es wurde nichts geändert und nichts verbunden.

# Wie es weitergeht
way-sign-in = Anmelden
way-other-sign-in = Anders anmelden
way-sign-up = Konto anlegen
way-try-again = Noch einmal versuchen
way-start-over = Von vorn beginnen
way-account = Zurück zu Ihrem Konto
way-home = Zur Startseite
way-back = Zurück

# Konto
account-title = Ihre Anmeldewege
access-usable =
    { $count ->
        [0] Zurzeit öffnet nichts Ihr Konto.
        [one] Ein Weg öffnet Ihr Konto.
       *[other] Jeder dieser { $count } Wege öffnet Ihr Konto.
    }
access-one-mailbox = { $count } davon hängen am selben Postfach.
access-all-one-mailbox = Sie hängen alle am selben Postfach.
access-one-provider = { $count } davon hängen an { $provider }.
access-all-one-provider = Alle hängen an { $provider }.
access-add-independent = Wenn Sie das verlieren, verlieren Sie Ihr Konto. Fügen Sie einen Zugang hinzu, der nicht davon abhängt: einen Passkey oder ein Passwort.
account-methods = Wege, sich anzumelden
account-methods-none = Es gibt noch keinen Anmeldeweg. Fügen Sie unten einen hinzu.
badge-used-now = Jetzt benutzt
badge-needs-attention = Bitte prüfen
badge-provider-disabled = Hier abgeschaltet
method-password = Passwort
method-email-code = Code per E-Mail
method-passkey = Passkey
method-linked-on = Verbunden am
method-set-on = Gesetzt am
method-added-on = Hinzugefügt am
method-last-used = Zuletzt benutzt am
method-never-used = Noch nicht benutzt
method-change-password = Ändern
method-password-stays = Sie können es ändern, aber nicht entfernen.
method-email-code-stays = Er gehört zu Ihrer bestätigten Adresse.
method-remove = Entfernen
method-remove-label = { $provider } entfernen
account-add = Anmeldeweg hinzufügen
account-add-lead = Mit einem zweiten Weg sperren Sie sich nicht aus.
account-connect = { $provider } verbinden
account-set-password = Passwort setzen
account-add-passkey = Passkey hinzufügen
account-addresses = E-Mail-Adressen
account-addresses-none = Noch keine bestätigte Adresse.
address-proven-on = Bestätigt am
account-sessions = Wo Sie angemeldet sind
session-current = Dieses Gerät
session-since = seit
session-end = Beenden
session-end-label = Sitzung auf { $device } beenden
account-see-activity = Letzte Aktivität ansehen
flash-linked = { $provider } ({ $account }) ist verbunden.
flash-removed = { $provider } öffnet Ihr Konto nicht mehr.
flash-password-set = Ihr Passwort ist gesetzt.
flash-passkey-added = Ihr Passkey ist hinzugefügt. Ab jetzt können Sie sich damit anmelden.
flash-passkey-removed = Der Passkey ist entfernt.
flash-session-ended = Die Sitzung ist beendet.
flash-cancelled = Sie sind von { $provider } zurückgekommen, ohne zu verbinden. Es hat sich nichts geändert.
flash-already-linked = Dieses Konto bei { $provider } ist schon mit Ihrem verbunden.

# Entfernen
remove-title = { $provider } entfernen?
remove-what = Dieser Anmeldeweg
remove-change = { $provider } öffnet Ihr Konto dann nicht mehr. Wir benachrichtigen Sie per E-Mail.
remove-sessions =
    { $count ->
        [one] Eine damit geöffnete Sitzung endet.
       *[other] { $count } damit geöffnete Sitzungen enden.
    }
remove-this-session = Auch die, in der Sie gerade sind; Sie melden sich danach neu an.
remove-stay = Sie können sich weiterhin anmelden mit: { $methods }.
remove-step-up = Sie werden gebeten zu bestätigen, dass Sie es sind.
remove-do = { $provider } entfernen
remove-keep = Behalten
remove-again = Sie können es später wieder verbinden.

# Bestätigen
step-up-title = Bestätigen Sie, dass Sie es sind
step-up-connect = Sie möchten { $provider } mit Ihrem Konto verbinden.
step-up-remove = Sie möchten { $provider } von Ihrem Konto entfernen.
step-up-set-password = Sie möchten ein Passwort für Ihr Konto setzen.
step-up-add-passkey = Bestätigen Sie, dass Sie es sind, um einen Passkey hinzuzufügen.
step-up-continue = Ihre Anmeldung ist schon eine Weile her.
step-up-client = { $client } bittet Sie zu bestätigen, dass Sie es sind.
step-up-none = Hier gibt es keinen Weg, das zu bestätigen. Melden Sie sich ab und wieder an und kommen Sie dann zurück.
step-up-cancel = Abbrechen und zurück

# Aktivität
activity-title = Letzte Aktivität
activity-lead = Alles, was Ihr Konto berührt hat. Etwas davon kennen Sie nicht? Entfernen Sie den Anmeldeweg und beenden Sie seine Sitzungen.
activity-none = Bisher ist nichts geschehen.
activity-by = mit
activity-by-operator = Durch die Verwaltung
activity-older = Ältere
event-what-unknown = ein Anmeldeweg
event-user-created = Ihr Konto wurde angelegt
event-user-disabled = Ihr Konto wurde abgeschaltet
event-user-enabled = Ihr Konto wurde wieder eingeschaltet
event-user-deleted = Ihr Konto wurde gelöscht
event-signed-in = Sie haben sich angemeldet
event-signed-out = Sie haben sich abgemeldet
event-stepped-up = Sie haben bestätigt, dass Sie es sind
event-session-ended = Eine Sitzung wurde beendet
event-address-proven = Adresse bestätigt: { $what }
event-password-set = Ihr Passwort wurde gesetzt
event-passkey-added = Ein Passkey wurde hinzugefügt
event-passkey-removed = Ein Passkey wurde entfernt
event-linked = Verbunden: { $what }
event-unlinked = Entfernt: { $what }
event-link-refused = Nicht verbunden: { $what }
event-recycled-identity-noticed = Ihre Adresse kam mit einem Konto, das nicht verbunden ist: { $what }
event-connection-declared = Anbieter hinzugefügt: { $what }
event-connection-enabled = Anbieter eingeschaltet: { $what }
event-connection-disabled = Anbieter abgeschaltet: { $what }
event-link-moved = Zwischen Ihren Konten verschoben: { $what }
event-users-merged = Aus zwei Ihrer Konten wurde eines
event-link-held = Angehalten: { $what }
event-link-released = Nicht mehr angehalten: { $what }
event-change-undone = Rückgängig gemacht: { $what }
event-recovered = Sie haben wieder Zugang zu Ihrem Konto
event-connection-moved = Anbieter neu eingerichtet: { $what }
event-application-signed-in = Bei einer Anwendung angemeldet
event-consent-given = Eine Anwendung wurde zugelassen
event-consent-withdrawn = Zugriff einer Anwendung zurückgenommen
event-token-reused = Ein Code oder Token kam zweimal; was darauf beruhte, ist beendet
event-client-registered = Eine Anwendung wurde registriert
event-client-changed = Eine Anwendung wurde geändert
event-client-removed = Eine Anwendung wurde entfernt
event-registration-token-made = Ein Token zum Registrieren von Anwendungen wurde erstellt
event-registration-token-revoked = Ein Token zum Registrieren von Anwendungen wurde zurückgenommen
event-member-added = Einer Organisation beigetreten
event-member-removed = Aus einer Organisation ausgeschieden

# Passwort
set-password-title = Passwort setzen
set-password-change-title = Passwort ändern
set-password-lead = Damit haben Sie einen weiteren Weg, sich anzumelden.
set-password-change-lead = Andere Geräte und Anwendungen werden dabei abgemeldet.
set-password-do = Passwort speichern
add-passkey-title = Passkey hinzufügen
add-passkey-lead = Ihr Gerät verwahrt einen Schlüssel für dieses Konto und öffnet es mit Fingerabdruck, Gesicht oder Bildschirmsperre. Sie müssen sich nichts merken, und keine fremde Seite kann danach fragen.
field-passkey-name = Name dieses Passkeys
add-passkey-do = Passkey erstellen
passkey-use = Passkey verwenden
passkey-cancelled = Kein Passkey hat geantwortet. Versuchen Sie es noch einmal oder wählen Sie einen anderen Weg.
passkey-needs-script = Passkeys brauchen JavaScript. Bitte schalten Sie es für diese Seite ein oder wählen Sie einen anderen Weg.

# Fehler
error-title-not-found = Hier ist nichts
error-title-unavailable = Wir sind gleich wieder da
error-title-cancelled = Sie sind ohne Anmeldung zurückgekommen
error-title-provider = Der Anbieter hat nicht wie erwartet geantwortet
error-title-stale = Diese Seite ist nicht mehr aktuell
error-title-wait = Einen Moment Geduld
error-title-wrong = Das hat nicht geklappt
error-title-refused = Das können wir nicht zulassen
error-retry = Laden Sie diese Seite gleich noch einmal.
error-help = Was das bedeutet und was es ändern würde

# Gründe
reason-other = Etwas hat nicht geklappt, und nichts wurde geändert. Bitte versuchen Sie es noch einmal.
reason-provider-down = Wir erreichen den Anbieter gerade nicht. Versuchen Sie es in einer Minute noch einmal oder melden Sie sich anders an.
reason-provider-cancelled = Die Anmeldung beim Anbieter wurde abgebrochen. Es hat sich nichts geändert.
reason-provider-answer-invalid = Die Antwort des Anbieters hat unsere Prüfungen nicht bestanden, deshalb haben wir sie nicht verwendet. Versuchen Sie es noch einmal oder melden Sie sich anders an.
reason-flow-expired = Das hat länger gedauert, als wir es offen halten können. Bitte beginnen Sie von vorn.
reason-flow-spent = Dieser Schritt ist schon erledigt. Machen Sie dort weiter, wo Sie sind, oder beginnen Sie von vorn.
reason-flow-forged = Diese Seite gehört nicht zu einer Anmeldung, die in diesem Browser begonnen wurde. Bitte beginnen Sie hier neu.
reason-origin-mismatch = Die Anfrage kam nicht von einer unserer Seiten. Öffnen Sie die Seite bitte neu und versuchen Sie es noch einmal.
reason-wrong-password = Adresse und Passwort passen nicht zusammen. Bitte prüfen Sie beides oder wählen Sie einen anderen Weg.
reason-passkey-failed = Dieser Passkey konnte hier nicht verwendet werden. Versuchen Sie es noch einmal oder wählen Sie einen anderen Weg.
reason-passkey-not-found = Dieser Passkey ist hier nicht bekannt oder gehört zu einem anderen Konto. Wählen Sie einen anderen oder einen anderen Weg.
reason-passkey-taken = Dieser Passkey wurde schon hinzugefügt.
reason-too-many-passkeys = Ihr Konto hat so viele Passkeys, wie es haben kann. Entfernen Sie zuerst einen, den Sie nicht mehr verwenden.
reason-wrong-code = Das ist nicht der zuletzt geschickte Code. Bitte vergleichen Sie mit der neuesten E-Mail.
reason-code-expired = Dieser Code ist inzwischen zu alt. Lassen Sie sich einen neuen schicken.
reason-code-attempts-used-up = Mit diesem Code gab es zu viele Versuche. Lassen Sie sich einen neuen schicken.
reason-throttled = Es gab viele Versuche. Bitte warten Sie ein paar Minuten und versuchen Sie es dann noch einmal.
reason-last-method = Das ist Ihr einziger Zugang. Fügen Sie erst einen anderen hinzu.
reason-session-expired = Sie sind inzwischen abgemeldet. Bitte melden Sie sich neu an.
reason-step-up-needed = Bitte bestätigen Sie zuerst, dass Sie es sind.
reason-identity-of-other-user = Dieses Konto beim Anbieter öffnet hier schon ein anderes Konto. Melden Sie sich damit an, entfernen Sie es dort und verbinden Sie es dann hier.
reason-identity-held = Dieser Anmeldeweg ist zur Sicherheit angehalten. Bitte melden Sie sich anders an.
reason-match-inactive = Auf diesem Weg können wir Sie nicht anmelden. Bitte wenden Sie sich mit dem Code unten an den Support.
reason-same-provider-other-subject = Das Konto hier ist mit einem anderen Konto dieses Anbieters verbunden. Melden Sie sich mit dem anderen an und fügen Sie dieses dann hinzu.
reason-address-belongs-to-account = Diese Adresse gehört schon zu einem Konto. Bitte melden Sie sich dort an.
reason-sign-up-closed = Neue Konten können hier nicht angelegt werden. Wenn Sie eines haben, melden Sie sich damit an.
reason-sign-up-invited = Neue Konten gibt es hier auf Einladung. Bitte benutzen Sie den Link in Ihrer Einladung.
reason-link-limit = Mehr Konten dieses Anbieters lassen sich nicht verbinden. Entfernen Sie eines, um ein anderes zu verbinden.
reason-purpose-forbids = Dieser Anbieter ist hier nicht dafür vorgesehen. Bitte wählen Sie einen anderen Weg.
reason-connection-disabled = Die Anmeldung über diesen Anbieter ist gerade abgeschaltet. Bitte wählen Sie einen anderen Weg.
reason-unknown-connection = Diesen Anbieter kennen wir nicht. Bitte wählen Sie einen aus der Liste.
reason-old-epoch = Diese Verbindung wurde neu eingerichtet, seit Sie sie zuletzt benutzt haben. Melden Sie sich anders an und verbinden Sie sie neu.
reason-user-inactive = Dieses Konto kann gerade nicht benutzt werden. Bitte wenden Sie sich mit dem Code unten an den Support.
reason-weak-password = Dieses Passwort wäre leicht zu erraten. Nehmen Sie ein längeres oder ein paar Wörter ohne Zusammenhang.
reason-invalid-address = Das sieht nicht nach einer vollständigen E-Mail-Adresse aus. Sie sollte aussehen wie name@example.org.
reason-wrong-user-proved = Sie haben ein anderes Konto bestätigt als das gezeigte. Bitte benutzen Sie einen Weg des Kontos auf dieser Seite.
reason-proof-by-same-identity = Das ist genau das Konto, das Sie verbinden möchten. Bitte bestätigen Sie auf andere Weise.
reason-not-fresh = Ihre letzte Anmeldung dort ist eine Weile her. Bitte melden Sie sich beim Anbieter neu an.
reason-database-unavailable = Wir erreichen unsere Daten gerade nicht. Es ist nichts verloren; bitte versuchen Sie es gleich noch einmal.
reason-bad-request = Etwas an dieser Anfrage war anders als erwartet. Bitte gehen Sie zurück und versuchen Sie es noch einmal.
reason-not-found = Diese Seite gibt es nicht, oder sie ist umgezogen.
reason-already-linked = Das ist schon mit Ihrem Konto verbunden.
reason-link-not-found = Diesen Anmeldeweg gibt es in Ihrem Konto nicht mehr.
reason-password-already-set = Ihr Konto hat schon ein Passwort. Sie können es ändern.
reason-level-too-low = Dafür braucht es einen stärkeren Anmeldeweg als den benutzten.
reason-mail-limit = Wir haben dieser Adresse schon mehrere E-Mails geschickt. Bitte warten Sie eine Weile, bevor Sie eine weitere anfordern.
reason-internal-error = Bei uns ist etwas schiefgegangen. Es wurde nichts geändert; bitte versuchen Sie es noch einmal.
reason-method-not-allowed = Dieser Anmeldeweg steht hier nicht zur Verfügung. Bitte wählen Sie einen anderen.
reason-invalid-name = Bitte sagen Sie uns einen Namen, der in eine Zeile passt.
reason-no-account-here = Mit dieser Adresse gibt es noch kein Konto. Sie können eines anlegen oder eine andere Adresse versuchen.
reason-identity-was-removed = Dieses Konto beim Anbieter war hier schon einmal verbunden und wurde entfernt. Um es wieder zu verbinden, melden Sie sich erst anders an. Oder beginnen Sie mit einem eigenen Konto.
reason-ticket-outdated = Ihr Konto hat sich geändert, seit Sie hiermit begonnen haben. Bitte beginnen Sie von vorn.
reason-unknown-application = Die Anwendung, die Sie hierher geschickt hat, kennen wir nicht. Bitte öffnen Sie sie noch einmal auf dem gewohnten Weg.
reason-redirect-not-registered = Die Anwendung wollte Sie an eine Stelle schicken lassen, die nicht für sie eingetragen ist; deshalb haben wir angehalten. Bitte sagen Sie es ihrem Betreiber.
reason-handover-invalid = Die Anwendung hat die Anmeldung zu spät oder zweimal abgeholt. Bitte melden Sie sich dort noch einmal an.
reason-busy = Gerade ist hier viel los. Es ist nichts verloren; bitte versuchen Sie es gleich noch einmal.
reason-outside-organisation = Dieser Anbieter ist für Mitglieder einer Organisation. Bitte melden Sie sich anders an.
reason-organisation-forces-connection = Ihre Organisation möchte, dass Sie sich über ihren eigenen Anbieter bestätigen. Bitte wählen Sie diesen.
reason-several-matches = Hier könnte mehr als ein Konto gemeint sein. Melden Sie sich bei dem an, das Sie möchten, und fügen Sie diesen Anbieter dort hinzu.
reason-session-scope = Hier können Sie Ihr Konto sehen, aber nicht ändern. Melden Sie sich dazu erst direkt an.
reason-same-user = Beides ist dasselbe Konto. Es gibt nichts zu tun.
reason-undo-unknown = Hier gibt es nichts, das sich rückgängig machen ließe.
reason-undo-spent = Das wurde schon rückgängig gemacht.
reason-undo-expired = Die Zeit, in der sich das rückgängig machen ließ, ist vorbei. Ihre Anmeldewege können Sie weiterhin in Ihrem Konto ändern.
reason-more-proofs-needed = Es braucht noch eine Bestätigung, auf einem Weg, der nicht vom ersten abhängt.
reason-too-short = Dieses Passwort ist zu kurz. Nehmen Sie mindestens 8 Zeichen.
reason-too-long = Dieses Passwort ist länger, als wir annehmen können. Bitte wählen Sie ein kürzeres.
reason-guessable = Dieses Passwort wäre leicht zu erraten. Fügen Sie noch ein, zwei Wörter ohne Zusammenhang hinzu.
reason-keyboard-row = Tastenreihen sind leicht zu erraten. Ein paar Wörter ohne Zusammenhang sind besser.
reason-keyboard-pattern = Kurze Muster auf der Tastatur sind leicht zu erraten. Ein paar Wörter ohne Zusammenhang sind besser.
reason-repeated-character = Ein wiederholtes Zeichen hilft wenig. Versuchen Sie ein paar Wörter ohne Zusammenhang.
reason-repeated-pattern = Dasselbe Stück zu wiederholen hilft wenig. Versuchen Sie ein paar Wörter ohne Zusammenhang.
reason-common-password = Dieses Passwort benutzen viele, deshalb wird es zuerst probiert. Bitte wählen Sie ein anderes.
reason-similar-to-common = Das ähnelt einem Passwort, das viele benutzen. Bitte wählen Sie ein anderes.
reason-sequence = Folgen wie abc oder 6543 sind leicht zu erraten. Versuchen Sie ein paar Wörter ohne Zusammenhang.
reason-recent-year = Jahreszahlen sind leicht zu erraten. Versuchen Sie ein paar Wörter ohne Zusammenhang.
reason-single-word = Ein einzelnes Wort ist leicht zu erraten. Fügen Sie zwei, drei andere ohne Zusammenhang hinzu.
reason-date = Ein Datum ist leicht zu erraten. Versuchen Sie ein paar Wörter ohne Zusammenhang.
reason-name = Namen sind leicht zu erraten. Fügen Sie ein paar Wörter ohne Zusammenhang hinzu.
reason-device-code-unknown = Kein Gerät zeigt diesen Code, oder nicht mehr. Geben Sie den Code ein, den Ihr Gerät jetzt zeigt.
reason-device-never-links = Dieses Konto ist hier nicht verbunden, und auf dem Weg zu einem Gerät wird nichts verbunden. Melden Sie sich zuerst in Ihrem Konto an und geben Sie dann den Code des Geräts ein.

# E-Mails
mail-a-provider = ein Anbieter
mail-button = Konto ansehen
mail-footer = Sie erhalten dies, weil Ihre Adresse bei { $origin } bestätigt ist.
mail-code-footer = Gesendet, weil jemand diese Adresse bei { $origin } eingegeben hat.
mail-fact-client = Für
mail-fact-account = Konto bei { $provider }
mail-fact-id = Kennung endet auf
mail-fact-at = Wann
mail-fact-device = Gerät
mail-fact-place = Ort
mail-fact-proof = Bestätigt mit
mail-code-subject = Ihr Code
mail-code-heading = Ihr Code
mail-code-lead-sign-in = Jemand, hoffentlich Sie, möchte sich mit dieser Adresse anmelden.
mail-code-lead-sign-up = Jemand, hoffentlich Sie, möchte mit dieser Adresse ein Konto anlegen.
mail-code-lead-connect = Jemand hat sich mit { $provider } angemeldet und diese Adresse angegeben.
mail-code-lead-confirm = Jemand, hoffentlich Sie, ändert gerade, wie sich Ihr Konto öffnen lässt.
mail-code-valid =
    { $count ->
        [one] Er gilt eine Minute.
       *[other] Er gilt { $count } Minuten.
    }
mail-code-follows-sign-in = Wer ihn eingibt, ist angemeldet.
mail-code-follows-sign-up = Wird er eingegeben, ist das Konto angelegt.
mail-code-follows-connect = Wird er eingegeben, wissen wir, dass dieses Postfach Ihres ist. Gibt es ein Konto mit dieser Adresse, fragt die nächste Seite, bevor etwas verbunden wird.
mail-code-follows-confirm = Wird er eingegeben, ist die Änderung in dem Browser bestätigt, der danach gefragt hat.
mail-code-lead-sign-in-unknown = Jemand, hoffentlich Sie, möchte sich mit dieser Adresse anmelden. Ein Konto gibt es damit noch nicht.
mail-code-lead-sign-up-known = Jemand, hoffentlich Sie, möchte mit dieser Adresse ein Konto anlegen. Es gibt schon eines.
mail-code-lead-prove = Jemand möchte ein Konto bei { $provider } mit Ihrem Konto hier verbinden.
mail-code-follows-sign-in-unknown = Wird er eingegeben, können Sie fortfahren und ein Konto anlegen.
mail-code-follows-sign-up-known = Wird er eingegeben, geht es zum vorhandenen Konto; ein zweites entsteht nicht.
mail-code-follows-prove = Wird er eingegeben, wird das unten genannte Konto verbunden. Wer sich dort anmelden kann, kann dann auch Ihr Konto öffnen.
mail-code-not-you = Waren Sie das nicht, tun Sie nichts: Ohne den Code kommt niemand weiter. Geben Sie ihn niemandem; von uns wird niemand danach fragen.
mail-linked-subject = { $provider } wurde mit Ihrem Konto verbunden
mail-linked-heading = Ein neuer Anmeldeweg
mail-linked-lead = { $provider } wurde mit Ihrem Konto verbunden und kann es ab jetzt öffnen.
mail-linked-not-you = Waren Sie das nicht, öffnen Sie Ihr Konto, entfernen Sie dort { $provider } und beenden Sie Sitzungen, die Sie nicht kennen.
mail-unlinked-subject = { $provider } wurde von Ihrem Konto entfernt
mail-unlinked-heading = Ein Anmeldeweg wurde entfernt
mail-unlinked-lead = { $provider } öffnet Ihr Konto nicht mehr. Damit geöffnete Sitzungen sind beendet.
mail-unlinked-not-you = Waren Sie das nicht, öffnen Sie Ihr Konto und prüfen Sie Anmeldewege und Sitzungen.
mail-recycled-identity-subject = Ihre Adresse kam mit einem anderen Konto von { $provider }
mail-recycled-identity-heading = Anderes Konto bei { $provider }, gleiche Adresse
mail-recycled-identity-lead = Jemand hat sich mit einem anderen Konto von { $provider } angemeldet, das Ihre Adresse trägt. Es wurde nicht verbunden, und Ihr Konto ist unverändert.
mail-recycled-identity-not-you = Waren Sie das, melden Sie sich wie gewohnt an und fügen Sie jenes Konto in den Einstellungen hinzu. Wenn nicht, brauchen Sie nichts zu tun.
mail-password-set-subject = Ihr Passwort wurde gesetzt
mail-password-set-heading = Ihr Passwort wurde gesetzt
mail-password-set-lead = Ab jetzt öffnet ein neues Passwort Ihr Konto.
mail-password-set-not-you = Waren Sie das nicht, öffnen Sie Ihr Konto auf anderem Weg, setzen Sie ein neues Passwort und beenden Sie Sitzungen, die Sie nicht kennen.
mail-passkey-added-subject = Ihrem Konto wurde ein Passkey hinzugefügt
mail-passkey-added-heading = Ihrem Konto wurde ein Passkey hinzugefügt
mail-passkey-added-lead = Ab jetzt öffnet ein neuer Passkey Ihr Konto.
mail-passkey-added-not-you = Waren Sie das nicht, öffnen Sie Ihr Konto, entfernen Sie den Passkey bei Ihren Anmeldemethoden und beenden Sie Sitzungen, die Sie nicht kennen.
mail-passkey-removed-subject = Aus Ihrem Konto wurde ein Passkey entfernt
mail-passkey-removed-heading = Aus Ihrem Konto wurde ein Passkey entfernt
mail-passkey-removed-lead = Dieser Passkey öffnet Ihr Konto nicht mehr.
mail-passkey-removed-not-you = Waren Sie das nicht, öffnen Sie Ihr Konto auf anderem Weg und sehen Sie Ihre Anmeldemethoden und Sitzungen durch.
mail-user-disabled-subject = Ihr Konto wurde abgeschaltet
mail-user-disabled-heading = Ihr Konto wurde abgeschaltet
mail-user-disabled-lead = Die Verwaltung hat Ihr Konto abgeschaltet. Alle Sitzungen sind beendet; Ihre Daten sind noch da.
mail-user-disabled-not-you = Wenn Sie den Grund nicht kennen, fragen Sie bitte den Betreiber dieses Dienstes.
mail-user-deleted-subject = Ihr Konto wurde gelöscht
mail-user-deleted-heading = Ihr Konto wurde gelöscht
mail-user-deleted-lead = Ihr Konto und was über Sie gespeichert war, wurde gelöscht. Alle Sitzungen sind beendet.
mail-user-deleted-not-you = Falls Sie das nicht erwartet haben, fragen Sie bitte den Betreiber dieses Dienstes.
mail-moved-subject = { $provider } öffnet jetzt ein anderes Ihrer Konten
mail-moved-heading = Ein Anmeldeweg ist umgezogen
mail-moved-lead = { $provider } wurde von einem Ihrer Konten zum anderen gebracht und öffnet ab jetzt nur noch dieses.
mail-moved-not-you = Waren Sie das nicht, öffnen Sie Ihr Konto, prüfen Sie die Anmeldewege und beenden Sie Sitzungen, die Sie nicht kennen.
mail-merged-subject = Aus zwei Ihrer Konten wurde eines
mail-merged-heading = Aus zwei Konten wurde eines
mail-merged-lead = Anmeldewege und Adressen beider sind jetzt in einem Konto. Das lässt sich 30 Tage lang rückgängig machen.
mail-merged-not-you = Waren Sie das nicht, öffnen Sie Ihr Konto, machen Sie es dort rückgängig und beenden Sie Sitzungen, die Sie nicht kennen.
mail-undone-subject = Eine Änderung an Ihrem Konto wurde rückgängig gemacht
mail-undone-heading = Eine Änderung wurde rückgängig gemacht
mail-undone-lead = Eine kürzliche Änderung daran, wie sich Ihr Konto öffnen lässt, wurde rückgängig gemacht oder angehalten.
mail-undone-not-you = Waren Sie das nicht, öffnen Sie Ihr Konto und prüfen Sie Anmeldewege und Sitzungen.
mail-recovered-subject = Jemand hat wieder Zugang zu Ihrem Konto
mail-recovered-heading = Ihr Konto wurde wiederhergestellt
mail-recovered-lead = Jemand, hoffentlich Sie, hat gezeigt, dass dieses Konto ihm gehört. Alle anderen Sitzungen sind beendet, und kürzlich hinzugefügte Anmeldewege sind angehalten, bis Sie sie bestätigen.
mail-recovered-not-you = Waren Sie das nicht, öffnen Sie Ihr Konto auf anderem Weg und fragen Sie den Betreiber dieses Dienstes.

# Weitergehen
notice-continue = Bei diesem Konto anmelden
notice-separate = Mit einem eigenen Konto fortfahren
continue-title = Weiter zu { $client }
continue-lead = Sie sind bereits angemeldet.
continue-do = Weiter zu { $client }
continue-switch = Ein anderes Konto verwenden

# Anwendungen
account-see-applications = Anwendungen mit Zugriff
consent-title = { $client } möchte wissen, wer Sie sind
consent-lead = Sie melden sich gerade bei { $client } an.
consent-unverified = { $client } hat sich selbst registriert, und niemand hat den Namen geprüft. Sie werden zu { $place } weitergeleitet. Fahren Sie nur fort, wenn Sie das kennen.
consent-asked = Darum bittet { $client }
consent-known = schon erlaubt
consent-allow = Erlauben
consent-refuse = Nicht erlauben
consent-later = Sie können das jederzeit auf der Seite der Anwendungen mit Zugriff zurücknehmen.
scope-openid = Dass Sie es sind, wenn Sie wiederkommen
scope-profile = Ihr Name
scope-email = Ihre E-Mail-Adresse
scope-offline-access = Das auch zu wissen, während Sie nicht da sind
scope-identities = Mit welchen Anbietern Sie sich anmelden
scope-aliases = Unter welcher Kennung Sie vor dem Zusammenlegen von Konten bekannt waren
scope-other = { $scope }
form-post-title = Zurück zur Anwendung
form-post-lead = Ihre Antwort ist unterwegs. Wenn nichts geschieht, gehen Sie selbst weiter.
leave-title = Abmelden?
leave-lead = Sie würden hier abgemeldet. Anwendungen erkennen Sie vielleicht noch für kurze Zeit.
leave-lead-client = { $client } bittet, Sie hier abzumelden. Anwendungen erkennen Sie vielleicht noch für kurze Zeit.
leave-stay = Angemeldet bleiben
applications-title = Anwendungen mit Zugriff
applications-lead = Diese Anwendungen wissen, wer Sie sind. Nehmen Sie den Zugriff zurück, endet sofort, was sie in der Hand haben; was Sie dort gespeichert haben, bleibt.
applications-none = Keine Anwendung hat Zugriff.
applications-since = Seit
applications-withdraw = Zurücknehmen
applications-withdraw-label = Zugriff von { $client } zurücknehmen
applications-withdrawn = Der Zugriff wurde zurückgenommen.

# Ein Gerät fragt
device-title = Gerät verbinden
device-lead = Geben Sie den Code ein, den Ihr Gerät zeigt.
device-compare = Ist das der Code, den Ihr Gerät zeigt?
device-code = Code
device-own-code = Hat Ihnen jemand einen Code geschickt oder genannt? Gehen Sie nicht weiter: Sie ließen ihn in Ihrem Namen ein.
device-answer-title = Bei { $client } auf einem Gerät anmelden?
device-answer-lead = Ein Gerät, das diesen Code zeigt, möchte in Ihrem Namen bei { $client } angemeldet werden.
device-warning = Gehen Sie nur weiter, wenn Sie das gerade selbst begonnen haben.
device-warning-why = Hat Ihnen jemand den Code oder einen Link geschickt, wäre er in Ihrem Namen angemeldet.
device-what = Gerät
device-where = Wo
device-when = Gefragt
device-same-network = Im selben Netz wie Sie
device-other-network = In einem anderen Netz als Sie: { $network }
device-allow = Ja, auf dem Gerät anmelden
device-refuse = Nein, das war ich nicht
device-allowed-title = Das Gerät ist angemeldet
device-allowed-lead = Machen Sie dort mit { $client } weiter. Sie können diese Seite schließen.
device-refused-title = Das Gerät wurde nicht eingelassen
device-refused-lead = Niemand wurde bei { $client } angemeldet. Wenn Sie diese Frage nicht erwartet haben, hat jemand anderes gefragt: Geben Sie nie einen Code ein, der Ihnen geschickt wurde.

# Second factor
factor-title = Noch ein Schritt
factor-lead = Geben Sie den Code ein, den Ihre Authenticator-App für dieses Konto zeigt.
field-totp = Code aus Ihrer Authenticator-App
factor-use-recovery-code = Einen Wiederherstellungscode verwenden
field-recovery-code = Wiederherstellungscode
field-recovery-code-hint = Einer von denen, die Sie beim Einrichten der App notiert haben. Jeder gilt einmal.
account-second-factor = Anmeldung in zwei Schritten
account-second-factor-lead = Mit einer Authenticator-App öffnet ein gestohlenes Passwort allein Ihr Konto nicht mehr.
account-add-totp = Authenticator-App einrichten
factor-app = Authenticator-App
factor-on = Ein
factor-new-codes = Neue Wiederherstellungscodes
factor-turn-off = Ausschalten
flash-second-factor-off = Die Anmeldung in zwei Schritten ist aus.
step-up-second-factor = Um die Anmeldung in zwei Schritten zu ändern, bestätigen Sie, dass Sie es sind.
event-totp-added = Anmeldung in zwei Schritten eingeschaltet
event-totp-removed = Anmeldung in zwei Schritten ausgeschaltet
event-recovery-codes-made = Neue Wiederherstellungscodes erstellt
add-totp-title = Authenticator-App einrichten
add-totp-lead = Die App zeigt alle 30 Sekunden einen neuen Code. Wir fragen bei jeder Anmeldung danach, nach Ihrem ersten Schritt.
add-totp-scan = Scannen Sie das mit der App
add-totp-qr = QR-Code für Ihre Authenticator-App
add-totp-open = Die App auf diesem Gerät öffnen
add-totp-type = Oder tippen Sie diesen Schlüssel in die App:
add-totp-sessions = Jede andere Sitzung Ihres Kontos endet.
add-totp-do = Einschalten
recovery-codes-title = Notieren Sie diese Codes
recovery-codes-lead = Jeder öffnet Ihr Konto einmal, anstelle der App. Bewahren Sie sie dort auf, wo niemand sonst hinschaut; wir können sie nicht noch einmal zeigen.
recovery-codes-set-up = Die Anmeldung in zwei Schritten ist eingeschaltet.
recovery-codes-list = Ihre Wiederherstellungscodes
recovery-codes-done = Ich habe sie notiert
factor-off-title = Anmeldung in zwei Schritten ausschalten?
factor-off-change = Ein Schritt genügt dann, um Ihr Konto zu öffnen, und Ihre Wiederherstellungscodes gelten nicht mehr. Jede andere Sitzung endet, und wir benachrichtigen Sie per E-Mail.
factor-off-stay = Ihre Anmeldemethoden bleiben, wie sie sind.
factor-off-do = Ausschalten
factor-codes-title = Neue Wiederherstellungscodes erstellen?
factor-codes-change = Die Codes, die Sie haben, gelten dann nicht mehr. Wir benachrichtigen Sie per E-Mail.
factor-codes-stay = Ihre Authenticator-App und Ihre Anmeldemethoden.
factor-codes-do = Neue Codes erstellen
reason-wrong-totp = Dieser Code stimmt nicht oder wurde schon verwendet. Warten Sie auf den nächsten und versuchen Sie es noch einmal.
reason-wrong-recovery-code = Dieser Wiederherstellungscode stimmt nicht oder wurde schon verwendet.
reason-totp-setup-over = Das Einrichten hat zu lange gedauert oder wurde in einer anderen Sitzung begonnen. Bitte fangen Sie noch einmal an.
reason-no-second-factor = Die Anmeldung in zwei Schritten ist für dieses Konto nicht eingeschaltet.
reason-shared-access = Was übrig bliebe, hängt alles an einem Postfach oder einem Anbieter, und dieses Konto ist geschützt. Fügen Sie zuerst einen anderen Zugang hinzu, etwa einen Passkey.
mail-totp-added-subject = Anmeldung in zwei Schritten eingeschaltet
mail-totp-added-heading = Anmeldung in zwei Schritten eingeschaltet
mail-totp-added-lead = Ab jetzt wird bei jeder Anmeldung nach einer Authenticator-App gefragt. Alle anderen Sitzungen sind beendet.
mail-totp-added-not-you = Wenn Sie das nicht waren, stellen Sie Ihr Konto von der Anmeldeseite aus wieder her und fragen Sie, wer diesen Dienst betreibt.
mail-totp-removed-subject = Anmeldung in zwei Schritten ausgeschaltet
mail-totp-removed-heading = Anmeldung in zwei Schritten ausgeschaltet
mail-totp-removed-lead = Ab jetzt genügt ein Schritt, um Ihr Konto zu öffnen. Alle anderen Sitzungen sind beendet.
mail-totp-removed-not-you = Wenn Sie das nicht waren, öffnen Sie Ihr Konto, schalten Sie sie wieder ein, setzen Sie ein neues Passwort und prüfen Sie Ihre Anmeldemethoden.
mail-recovery-codes-made-subject = Neue Wiederherstellungscodes erstellt
mail-recovery-codes-made-heading = Neue Wiederherstellungscodes erstellt
mail-recovery-codes-made-lead = Die Wiederherstellungscodes, die Sie hatten, gelten nicht mehr.
mail-recovery-codes-made-not-you = Wenn Sie das nicht waren, öffnen Sie Ihr Konto, erstellen Sie neue Codes und beenden Sie Sitzungen, die Sie nicht kennen.
mail-recovery-code-used-subject = Ein Wiederherstellungscode wurde verwendet
mail-recovery-code-used-heading = Ein Wiederherstellungscode wurde verwendet
mail-recovery-code-used-lead = Jemand hat sich mit einem Ihrer Wiederherstellungscodes bei Ihrem Konto angemeldet. Übrige Codes: { $left }.
mail-recovery-code-used-not-you = Wenn Sie das nicht waren, öffnen Sie Ihr Konto, erstellen Sie neue Codes und beenden Sie Sitzungen, die Sie nicht kennen.
factor-codes-left =
    { $count ->
        [0] Keine Wiederherstellungscodes übrig
        [one] { $count } Wiederherstellungscode übrig
       *[other] { $count } Wiederherstellungscodes übrig
    }

# Rückgängig machen
undo-connected-title = { $provider } wurde mit Ihrem Konto verbunden
undo-connected-lead = Wenn Sie das waren, ist nichts zu tun. Wenn nicht, halten Sie es hier an.
undo-on-hold-title = { $provider } ist angehalten
undo-on-hold-lead = Damit lässt sich Ihr Konto zurzeit nicht öffnen, und damit begonnene Sitzungen sind beendet.
undo-gone-title = { $provider } ist nicht mehr verbunden
undo-gone-lead = Damit lässt sich Ihr Konto nicht öffnen. Hier ist nichts mehr zu tun.
undo-removed-title = { $provider } wurde von Ihrem Konto entfernt
undo-removed-lead = Wenn Sie das waren, ist nichts zu tun. Wenn nicht, melden Sie sich an und stellen Sie es wieder her.
undo-back-title = { $provider } öffnet Ihr Konto wieder
undo-back-lead = Es wurde inzwischen wieder verbunden. Hier ist nichts mehr zu tun.
undo-other = Sie sind als { $name } angemeldet, und hier geht es um ein anderes Konto. Melden Sie sich dort an, um fortzufahren.
undo-hold = Das war ich nicht: anhalten
undo-hold-lead = Dafür müssen Sie sich nicht anmelden. { $provider } öffnet Ihr Konto sofort nicht mehr, und damit begonnene Sitzungen enden.
undo-remove = { $provider } entfernen
undo-restore = { $provider } wiederherstellen
undo-sign-in-remove = Anmelden und { $provider } entfernen
undo-sign-in-restore = Anmelden und { $provider } wiederherstellen
undo-until = Das geht bis
release-title = { $provider } wieder verwenden?
release-lead = Es ist angehalten, bis Sie sagen, dass es Ihres ist. Vergleichen Sie das Konto, bevor Sie fortfahren.
release-change = Wer sich bei diesem Konto von { $provider } anmelden kann, kann Ihr Konto hier öffnen.
release-was-me = Das war ich
release-label = { $provider } wieder verwenden
badge-on-hold = Angehalten
flash-restored = { $provider } öffnet Ihr Konto wieder.
flash-released = { $provider } ist nicht mehr angehalten.
mail-button-not-me = Das war ich nicht
mail-button-restore = Wiederherstellen
mail-linked-undo = Wenn Sie das nicht waren, drücken Sie die Schaltfläche: Auf der Seite dahinter halten Sie { $provider } sofort an, ohne sich anzumelden. Das geht sieben Tage lang.
mail-unlinked-undo = Wenn Sie das nicht waren, drücken Sie die Schaltfläche: Nach der Anmeldung stellen Sie { $provider } wieder her. Das geht sieben Tage lang.

# Wieder hineinkommen
recover-link = Ich kann mich nicht anmelden
way-recover = Wieder ins Konto kommen
recover-title = Wieder ins Konto kommen
recover-lead = Geben Sie eine E-Mail-Adresse Ihres Kontos ein. Dorthin senden wir einen Code.
recover-what = Sobald Sie wieder im Konto sind, enden alle anderen Sitzungen. Anmeldewege, die in den letzten sieben Tagen hinzukamen, bleiben angehalten, bis Sie sie bestätigen, und Passkeys oder eine Authenticator-App aus dieser Zeit werden entfernt.
recover-unavailable = Codes per E-Mail sind hier abgeschaltet, deshalb kommen Sie über diese Seite nicht hinein. Bitte wenden Sie sich an den Betreiber dieses Dienstes.
code-purpose-recover = Geben Sie ihn hier ein, um wieder ins Konto zu kommen.
recover-proof-title = Noch eine Bestätigung
recover-proof-lead = Ihr Konto verlangt eine zweite Bestätigung, die nicht von der ersten abhängt.
recover-proof-mailbox = Code an { $address } senden
recover-stuck = Hier gibt es nichts weiter, womit Sie sich ausweisen könnten. Bitte wenden Sie sich an den Betreiber dieses Dienstes und nennen Sie den Code unten.
recovered-title = Sie sind wieder in Ihrem Konto
recovered-lead = Alle anderen Sitzungen sind beendet, und jede bestätigte Adresse hat eine E-Mail darüber erhalten.
recovered-held = Angehalten, bis Sie bestätigen
recovered-held-lead = Diese kamen in den letzten Tagen hinzu. Behalten Sie, was Ihres ist, und entfernen Sie den Rest.
recovered-none = Nichts ist angehalten.
recovered-passkeys = Passkeys oder eine Authenticator-App aus den letzten sieben Tagen wurden entfernt. Sie können sie wieder hinzufügen.
recovered-account = Alle Anmeldewege ansehen
mail-code-lead-recover = Jemand, hoffentlich Sie, kann sich nicht anmelden und möchte wieder in das Konto mit dieser Adresse.
mail-code-lead-recover-unknown = Jemand, hoffentlich Sie, möchte wieder in ein Konto mit dieser Adresse. Ein Konto gibt es damit nicht.
mail-code-follows-recover = Wird er eingegeben, führt er wieder ins Konto oder zu einer weiteren Bestätigung. Dann enden alle anderen Sitzungen.
mail-code-follows-recover-unknown = Wird er eingegeben, führt er nicht weiter als bis dahin.
