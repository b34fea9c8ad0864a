# Autour de chaque page
brand = Selfsame
skip-link = Aller au contenu
nav-label = Compte
nav-activity = Activité
nav-sign-out = Se déconnecter
language-label = Langue
footer = Une personne, plusieurs connexions, un seul compte.
continue = Continuer
cancel = Annuler
undo = Annuler l’association
or = ou
list-separator = {", "}
support-code = Code d’assistance

# Dates
moment = { $day } { $month } { $year }, { $time } UTC
day = { $day } { $month } { $year }
month-1 = janv.
month-2 = févr.
month-3 = mars
month-4 = avr.
month-5 = mai
month-6 = juin
month-7 = juil.
month-8 = août
month-9 = sept.
month-10 = oct.
month-11 = nov.
month-12 = déc.

# Appareils
device = { $browser } sur { $system }
device-unknown = Appareil inconnu

# Champs
field-email = Adresse e-mail
field-password = Mot de passe
field-account-password = Mot de passe de ce compte
field-name = Votre nom
field-code = Code reçu par e-mail
field-new-password = Choisir un mot de passe
field-new-password-hint = Au moins 8 caractères. Quelques mots sans rapport conviennent bien.
password-show = Afficher
password-hide = Masquer
error-summary = Ce n’est pas encore ça

# Connexion
sign-in-title = Se connecter
to-continue-to = pour continuer vers { $client }
continue-with = Continuer avec { $provider }
last-used = Dernier utilisé
sign-in-switch-notice = Vous êtes connecté en tant que { $name }. Si vous vous connectez avec un autre compte, nous vous demanderons lequel utiliser.
sign-in-nothing-enabled = La connexion est désactivée pour le moment. Revenez un peu plus tard.
cancelled-way-on = Choisissez à nouveau, ou un autre moyen.
sign-in-new-here = Première visite ?
sign-in-forget = Ce n’est pas vous ? Oublier ce que ce navigateur a retenu
not-you = Pas vous ?
password-title = Saisissez votre mot de passe
password-code-title = Confirmez que c’est vous
sign-up-title = Créer un compte
sign-up-submit = Créer le compte
sign-up-next = Nous enverrons ensuite un code à votre adresse. Rien n’est créé avant que vous l’ayez saisi.
sign-up-have-account = Vous avez déjà un compte ?

# Code
code-title = Saisissez le code
code-sent-to = Nous avons envoyé un code à
code-purpose-sign-in = Saisissez-le ici pour vous connecter.
code-purpose-sign-up = Saisissez-le ici pour créer votre compte.
code-purpose-external = { $provider } nous a donné cette adresse. Saisissez le code pour continuer ; l’e-mail indique ce qui se passe ensuite.
code-purpose-confirm = Saisissez-le ici pour confirmer que c’est vous.
code-resent = Un nouveau code est en route. Le précédent n’est plus valable.
code-attempts-left =
    { $count ->
        [one] Encore un essai, puis il vous faudra un nouveau code.
       *[other] Encore { $count } essais, puis il vous faudra un nouveau code.
    }
code-not-there = Rien reçu ? Regardez dans les indésirables ou patientez une minute.
code-resend = Envoyer un nouveau code

# Changer de compte et se déconnecter
switch-title = Quel compte voulez-vous utiliser ?
switch-lead = Un autre compte est déjà connecté ici.
switch-other = Vous venez de vous connecter avec
switch-current = Connecté jusqu’ici
switch-do = Passer à ce compte
switch-stay = Garder ce compte
switch-unchanged = Aucun des deux comptes n’est modifié.
signed-out-title = Vous êtes déconnecté
signed-out-lead = Vous pouvez fermer cette fenêtre. Les applications ouvertes peuvent vous garder connecté encore un court moment.
signed-out-going-on = Les autres applications en sont informées. Vous continuez dans un instant.

# Cartes
card-external = Compte { $provider }
card-address-not-confirmed = Adresse non confirmée
card-id = Identifiant se terminant par
card-look-twice = Ce nom mélange des alphabets ou cache des caractères. Comparez l’identifiant avant de continuer.
card-account = Votre compte ici

# Conflit et association
conflict-title = Vous avez déjà un compte
conflict-lead = Montrez-nous une fois qu’il est à vous, et vous pourrez l’ouvrir aussi avec { $provider }.
conflict-used = Vous venez d’utiliser
conflict-found = Compte ici avec cette adresse
conflict-prove = Est-ce votre compte ?
effects-change = Ce qui va se passer
effects-stay = Ce qui ne change pas
conflict-change = { $provider } devient un moyen de plus de se connecter à ce compte.
conflict-stay = Vos données, votre adresse et vos autres moyens de connexion. { $provider } ne reçoit rien de nous.
conflict-without = Continuer sans associer
proof-others = Ou confirmez autrement
proof-password = Utiliser votre mot de passe
proof-confirm = Confirmer et continuer
proof-code = Recevoir un code par e-mail
confirm-link-title = Associer ce compte { $provider } ?
confirm-link-silent = { $provider } a répondu avec ce compte. Vérifiez que c’est bien celui que vous voulez.
confirm-link-lead = Vérifiez que ce sont bien les comptes que vous voulez associer.
confirm-link-used = De { $provider }
confirm-link-yours = Votre compte ici
confirm-link-do = Associer { $provider }
confirm-link-cancel = Ne pas associer
connect-title = Associer { $provider }
connect-lead = Vous irez chez { $provider }, y choisirez un compte, puis reviendrez ici.
connect-with = Fournisseur
connect-you-choose = Vous choisirez le compte à la page suivante.
connect-change = Toute personne qui peut se connecter à ce compte { $provider } pourra ouvrir votre compte ici. Nous vous préviendrons par e-mail.
connect-stay = Vos données et vos autres moyens de connexion. Vous pourrez retirer { $provider } à tout moment.
connect-do = Aller chez { $provider }
linked-title = { $provider } est associé
linked-lead = Vous pouvez désormais ouvrir votre compte avec { $provider }. Nous vous avons envoyé un e-mail à ce sujet.
linked-new = Nouveau moyen de connexion
linked-not-yours = Ce n’est pas ce que vous vouliez ?
linked-undo = Le retirer
notice-other-account-title = Un autre compte est déjà associé
notice-address-taken-title = Cette adresse appartient à un compte
notice-refused-title = Nous ne pouvons pas accepter cela
notice-returning-title = Ce moyen de connexion a été retiré
with-title = Connectez-vous avec votre fournisseur
with-lead = C’est bien vous. Votre compte s’ouvre par un fournisseur qui lui est associé ; continuez là-bas.
again-title = Encore un passage par { $provider }
again-lead = Quelques minutes ont passé depuis votre retour de { $provider }. Retournez-y une fois pour terminer. Rien de ce que vous avez fait ici n’est perdu.
again-used = Vous êtes venu avec
notice-unchanged = Rien n’a été modifié ni associé.

# Suites possibles
way-sign-in = Se connecter
way-other-sign-in = Se connecter autrement
way-sign-up = Créer un compte
way-try-again = Réessayer
way-start-over = Recommencer
way-account = Retour à votre compte
way-home = Aller à la page d’accueil
way-back = Retour

# Compte
account-title = Vos moyens de connexion
access-usable =
    { $count ->
        [0] Rien n’ouvre votre compte pour le moment.
        [one] Un seul moyen ouvre votre compte.
       *[other] Chacun de ces { $count } moyens ouvre votre compte.
    }
access-one-mailbox = { $count } d’entre eux dépendent de la même boîte aux lettres.
access-all-one-mailbox = Tous dépendent de la même boîte aux lettres.
access-one-provider = { $count } d’entre eux dépendent de { $provider }.
access-all-one-provider = Tous dépendent de { $provider }.
access-add-independent = Si vous perdez cela, vous perdez votre compte. Ajoutez un moyen qui n’en dépend pas : une clé d’accès ou un mot de passe.
account-methods = Moyens de connexion
account-methods-none = Il n’y a pas encore de moyen de connexion. Ajoutez-en un ci-dessous.
badge-used-now = Utilisé en ce moment
badge-needs-attention = À vérifier
badge-provider-disabled = Désactivé ici
method-password = Mot de passe
method-email-code = Code par e-mail
method-passkey = Clé d’accès
method-linked-on = Associé le
method-set-on = Défini le
method-added-on = Ajoutée le
method-last-used = Dernière utilisation le
method-never-used = Pas encore utilisé
method-change-password = Modifier
method-password-stays = Vous pouvez le changer, mais pas le retirer.
method-email-code-stays = Il va avec votre adresse confirmée.
method-remove = Retirer
method-remove-label = Retirer { $provider }
account-add = Ajouter un moyen de connexion
account-add-lead = Un second moyen vous évite de rester à la porte.
account-connect = Associer { $provider }
account-set-password = Définir un mot de passe
account-add-passkey = Ajouter une clé d’accès
account-addresses = Adresses e-mail
account-addresses-none = Aucune adresse confirmée pour le moment.
address-proven-on = Confirmée le
account-sessions = Où vous êtes connecté
session-current = Cet appareil
session-since = depuis le
session-end = Fermer
session-end-label = Fermer la session sur { $device }
account-see-activity = Voir l’activité récente
flash-linked = { $provider } ({ $account }) est associé.
flash-removed = { $provider } n’ouvre plus votre compte.
flash-password-set = Votre mot de passe est défini.
flash-passkey-added = Votre clé d’accès est ajoutée. Vous pouvez désormais vous connecter avec elle.
flash-passkey-removed = La clé d’accès est retirée.
flash-session-ended = La session est fermée.
flash-cancelled = Vous êtes revenu de { $provider } sans associer. Rien n’a changé.
flash-already-linked = Ce compte { $provider } est déjà associé au vôtre.

# Retirer
remove-title = Retirer { $provider } ?
remove-what = Ce moyen de connexion
remove-change = { $provider } n’ouvrira plus votre compte. Nous vous préviendrons par e-mail.
remove-sessions =
    { $count ->
        [one] Une session ouverte ainsi prend fin.
       *[other] { $count } sessions ouvertes ainsi prennent fin.
    }
remove-this-session = Celle que vous utilisez en fait partie ; vous devrez vous reconnecter.
remove-stay = Vous pourrez toujours vous connecter avec : { $methods }.
remove-step-up = Il vous sera demandé de confirmer que c’est vous.
remove-do = Retirer { $provider }
remove-keep = Le garder
remove-again = Vous pourrez l’associer de nouveau plus tard.

# Confirmer
step-up-title = Confirmez que c’est vous
step-up-connect = Vous êtes sur le point d’associer { $provider } à votre compte.
step-up-remove = Vous êtes sur le point de retirer { $provider } de votre compte.
step-up-set-password = Vous êtes sur le point de définir un mot de passe pour votre compte.
step-up-add-passkey = Pour ajouter une clé d’accès, confirmez que c’est vous.
step-up-continue = Votre dernière connexion remonte à un moment.
step-up-client = { $client } vous demande de confirmer que c’est vous.
step-up-none = Aucun moyen ne permet de confirmer ici. Déconnectez-vous, reconnectez-vous, puis revenez.
step-up-cancel = Annuler et revenir

# Activité
activity-title = Activité récente
activity-lead = Tout ce qui a touché votre compte. Quelque chose vous est inconnu ? Retirez ce moyen de connexion et fermez ses sessions.
activity-none = Il ne s’est encore rien passé.
activity-by = avec
activity-by-operator = Fait par l’administration
activity-older = Plus ancien
event-what-unknown = un moyen de connexion
event-user-created = Votre compte a été créé
event-user-disabled = Votre compte a été désactivé
event-user-enabled = Votre compte a été réactivé
event-user-deleted = Votre compte a été supprimé
event-signed-in = Vous vous êtes connecté
event-signed-out = Vous vous êtes déconnecté
event-stepped-up = Vous avez confirmé que c’est vous
event-session-ended = Une session a été fermée
event-address-proven = Adresse confirmée : { $what }
event-password-set = Votre mot de passe a été défini
event-passkey-added = Une clé d’accès a été ajoutée
event-passkey-removed = Une clé d’accès a été retirée
event-linked = Associé : { $what }
event-unlinked = Retiré : { $what }
event-link-refused = Non associé : { $what }
event-recycled-identity-noticed = Votre adresse est arrivée avec un compte qui n’est pas associé : { $what }
event-connection-declared = Fournisseur ajouté : { $what }
event-connection-enabled = Fournisseur activé : { $what }
event-connection-disabled = Fournisseur désactivé : { $what }
event-link-moved = Déplacé entre vos comptes : { $what }
event-users-merged = Deux de vos comptes n’en font plus qu’un
event-link-held = Suspendu : { $what }
event-link-released = N’est plus suspendu : { $what }
event-change-undone = Annulé : { $what }
event-recovered = Vous avez retrouvé l’accès à votre compte
event-connection-moved = Fournisseur configuré à nouveau : { $what }
event-application-signed-in = Connexion à une application
event-consent-given = Une application a été autorisée
event-consent-withdrawn = Accès d’une application retiré
event-token-reused = Un code ou un jeton est arrivé deux fois ; ce qui en dépendait a pris fin
event-client-registered = Une application a été enregistrée
event-client-changed = Une application a été modifiée
event-client-removed = Une application a été supprimée
event-registration-token-made = Un jeton d’enregistrement d’applications a été créé
event-registration-token-revoked = Un jeton d’enregistrement d’applications a été retiré
event-member-added = Devenu membre d’une organisation
event-member-removed = N’est plus membre d’une organisation

# Mot de passe
set-password-title = Définir un mot de passe
set-password-change-title = Modifier votre mot de passe
set-password-lead = Il devient un moyen de plus de vous connecter.
set-password-change-lead = Vos autres appareils et applications seront déconnectés.
set-password-do = Enregistrer le mot de passe
add-passkey-title = Ajouter une clé d’accès
add-passkey-lead = Votre appareil garde une clé pour ce compte et l’ouvre avec votre empreinte, votre visage ou le verrouillage de l’écran. Rien à retenir, et aucune autre page ne peut la demander.
field-passkey-name = Nom de cette clé d’accès
add-passkey-do = Créer une clé d’accès
passkey-use = Utiliser une clé d’accès
passkey-cancelled = Aucune clé d’accès n’a répondu. Réessayez ou choisissez un autre moyen.
passkey-needs-script = Les clés d’accès ont besoin de JavaScript. Activez-le pour cette page ou choisissez un autre moyen.

# Erreurs
error-title-not-found = Il n’y a rien ici
error-title-unavailable = Nous revenons tout de suite
error-title-cancelled = Vous êtes revenu sans vous connecter
error-title-provider = Le fournisseur n’a pas répondu comme prévu
error-title-stale = Cette page n’est plus à jour
error-title-wait = Patientons un instant
error-title-wrong = Cela n’a pas marché
error-title-refused = Nous ne pouvons pas accepter cela
error-retry = Rechargez cette page dans un instant.
error-help = Ce que cela signifie et ce qui le changerait

# Raisons
reason-other = Quelque chose n’a pas marché, et rien n’a été modifié. Veuillez réessayer.
reason-provider-down = Le fournisseur est injoignable pour le moment. Réessayez dans une minute ou connectez-vous autrement.
reason-provider-cancelled = La connexion chez le fournisseur a été annulée. Rien n’a changé.
reason-provider-answer-invalid = La réponse du fournisseur n’a pas passé nos contrôles, nous ne l’avons donc pas utilisée. Réessayez ou connectez-vous autrement.
reason-flow-expired = Cela a duré plus longtemps que nous ne pouvons attendre. Veuillez recommencer.
reason-flow-spent = Cette étape est déjà faite. Continuez d’où vous êtes, ou recommencez.
reason-flow-forged = Cette page n’appartient pas à une connexion commencée dans ce navigateur. Veuillez recommencer ici.
reason-origin-mismatch = La demande ne venait pas d’une de nos pages. Rouvrez la page et réessayez.
reason-wrong-password = L’adresse et le mot de passe ne correspondent pas. Vérifiez les deux ou choisissez un autre moyen.
reason-passkey-failed = Cette clé d’accès n’a pas pu être utilisée ici. Réessayez ou choisissez un autre moyen.
reason-passkey-not-found = Cette clé d’accès n’est pas connue ici ou appartient à un autre compte. Choisissez-en une autre ou un autre moyen.
reason-passkey-taken = Cette clé d’accès a déjà été ajoutée.
reason-too-many-passkeys = Votre compte a autant de clés d’accès qu’il peut en avoir. Retirez d’abord une clé que vous n’utilisez plus.
reason-wrong-code = Ce n’est pas le dernier code envoyé. Comparez avec l’e-mail le plus récent.
reason-code-expired = Ce code est trop ancien. Demandez-en un nouveau.
reason-code-attempts-used-up = Il y a eu trop d’essais avec ce code. Demandez-en un nouveau.
reason-throttled = Il y a eu beaucoup d’essais. Patientez quelques minutes, puis réessayez.
reason-last-method = C’est votre seul accès. Ajoutez-en d’abord un autre.
reason-session-expired = Vous avez été déconnecté entre-temps. Veuillez vous reconnecter.
reason-step-up-needed = Confirmez d’abord que c’est vous.
reason-identity-of-other-user = Ce compte du fournisseur ouvre déjà un autre compte ici. Connectez-vous avec lui, retirez-le là-bas, puis associez-le ici.
reason-identity-held = Ce moyen de connexion est suspendu par sécurité. Connectez-vous autrement.
reason-match-inactive = Nous ne pouvons pas vous connecter ainsi. Contactez l’assistance avec le code ci-dessous.
reason-same-provider-other-subject = Le compte ici est associé à un autre compte de ce fournisseur. Connectez-vous avec cet autre compte, puis ajoutez celui-ci.
reason-address-belongs-to-account = Cette adresse appartient déjà à un compte. Connectez-vous à celui-ci.
reason-sign-up-closed = Il n’est pas possible de créer un compte ici. Si vous en avez un, connectez-vous avec lui.
reason-sign-up-invited = Les nouveaux comptes se font sur invitation. Utilisez le lien de votre invitation.
reason-link-limit = Vous ne pouvez pas associer plus de comptes de ce fournisseur. Retirez-en un pour en associer un autre.
reason-purpose-forbids = Ce fournisseur n’est pas prévu pour cela ici. Choisissez un autre moyen.
reason-connection-disabled = La connexion par ce fournisseur est désactivée pour le moment. Choisissez un autre moyen.
reason-unknown-connection = Nous ne connaissons pas ce fournisseur. Choisissez-en un dans la liste.
reason-old-epoch = Cette connexion a été refaite depuis votre dernière utilisation. Connectez-vous autrement et associez-la de nouveau.
reason-user-inactive = Ce compte ne peut pas être utilisé pour le moment. Contactez l’assistance avec le code ci-dessous.
reason-weak-password = Ce mot de passe serait facile à deviner. Prenez-en un plus long, ou quelques mots sans rapport.
reason-invalid-address = Cela ne ressemble pas à une adresse e-mail complète. Elle devrait être de la forme name@example.org.
reason-wrong-user-proved = Vous avez confirmé un autre compte que celui affiché. Utilisez un moyen du compte de cette page.
reason-proof-by-same-identity = C’est justement le compte que vous voulez associer. Confirmez d’une autre façon.
reason-not-fresh = Votre dernière connexion là-bas remonte à un moment. Reconnectez-vous chez le fournisseur.
reason-database-unavailable = Nos données sont injoignables pour le moment. Rien n’est perdu ; réessayez bientôt.
reason-bad-request = Quelque chose dans cette demande n’était pas comme prévu. Revenez en arrière et réessayez.
reason-not-found = Cette page n’existe pas, ou elle a changé d’adresse.
reason-already-linked = C’est déjà associé à votre compte.
reason-link-not-found = Ce moyen de connexion n’est plus sur votre compte.
reason-password-already-set = Votre compte a déjà un mot de passe. Vous pouvez le modifier.
reason-level-too-low = Il faut pour cela un moyen de connexion plus sûr que celui que vous avez utilisé.
reason-mail-limit = Nous avons envoyé plusieurs e-mails à cette adresse. Patientez un peu avant d’en demander un autre.
reason-internal-error = Quelque chose s’est mal passé de notre côté. Rien n’a été modifié ; veuillez réessayer.
reason-method-not-allowed = Ce moyen de connexion n’est pas disponible ici. Choisissez-en un autre.
reason-invalid-name = Indiquez-nous un nom qui tienne sur une ligne.
reason-no-account-here = Il n’y a pas encore de compte avec cette adresse. Vous pouvez en créer un ou essayer une autre adresse.
reason-identity-was-removed = Ce compte du fournisseur a déjà été associé ici, puis retiré. Pour l’associer de nouveau, connectez-vous d’abord autrement. Ou commencez avec un compte distinct.
reason-ticket-outdated = Votre compte a changé depuis le début de cette opération. Veuillez recommencer.
reason-unknown-application = Nous ne connaissons pas l’application qui vous a envoyé ici. Rouvrez-la comme d’habitude.
reason-redirect-not-registered = L’application voulait vous envoyer à un endroit qui n’est pas enregistré pour elle ; nous nous sommes arrêtés. Prévenez la personne qui la gère.
reason-handover-invalid = L’application a repris la connexion trop tard ou deux fois. Reconnectez-vous depuis l’application.
reason-busy = Il y a beaucoup de monde en ce moment. Rien n’est perdu ; réessayez bientôt.
reason-outside-organisation = Ce fournisseur est réservé aux membres d’une organisation. Connectez-vous autrement.
reason-organisation-forces-connection = Votre organisation souhaite que vous confirmiez par son propre fournisseur. Choisissez celui-ci.
reason-several-matches = Plusieurs comptes ici pourraient convenir. Connectez-vous à celui que vous voulez, puis ajoutez-y ce fournisseur.
reason-session-scope = Vous pouvez voir votre compte ici, mais pas le modifier. Connectez-vous d’abord directement.
reason-same-user = C’est le même compte des deux côtés. Il n’y a rien à faire.
reason-undo-unknown = Il n’y a rien ici qui puisse être annulé.
reason-undo-spent = Cela a déjà été annulé.
reason-undo-expired = Le délai pour annuler est passé. Vous pouvez toujours modifier vos moyens de connexion dans votre compte.
reason-more-proofs-needed = Une confirmation de plus est nécessaire, par un moyen qui ne dépend pas du premier.
reason-too-short = Ce mot de passe est trop court. Prenez au moins 8 caractères.
reason-too-long = Ce mot de passe est plus long que ce que nous acceptons. Choisissez-en un plus court.
reason-guessable = Ce mot de passe serait facile à deviner. Ajoutez un ou deux mots sans rapport.
reason-keyboard-row = Les rangées de touches sont faciles à deviner. Quelques mots sans rapport conviennent mieux.
reason-keyboard-pattern = Les petits motifs au clavier sont faciles à deviner. Quelques mots sans rapport conviennent mieux.
reason-repeated-character = Répéter un caractère apporte peu. Essayez quelques mots sans rapport.
reason-repeated-pattern = Répéter le même morceau apporte peu. Essayez quelques mots sans rapport.
reason-common-password = Beaucoup de gens utilisent ce mot de passe, il est donc essayé en premier. Choisissez-en un autre.
reason-similar-to-common = Cela ressemble à un mot de passe très répandu. Choisissez-en un autre.
reason-sequence = Les suites comme abc ou 6543 sont faciles à deviner. Essayez quelques mots sans rapport.
reason-recent-year = Les années sont faciles à deviner. Essayez quelques mots sans rapport.
reason-single-word = Un mot seul est facile à deviner. Ajoutez-en deux ou trois sans rapport.
reason-date = Les dates sont faciles à deviner. Essayez quelques mots sans rapport.
reason-name = Les noms sont faciles à deviner. Ajoutez quelques mots sans rapport.
reason-device-code-unknown = Aucun appareil n’affiche ce code, ou plus maintenant. Saisissez le code que votre appareil affiche à présent.
reason-device-never-links = Ce compte n’est pas associé ici, et rien n’est associé en chemin vers un appareil. Connectez-vous d’abord à votre compte, puis saisissez le code de l’appareil.

# E-mails
mail-a-provider = un fournisseur
mail-button = Voir votre compte
mail-footer = Vous recevez ceci parce que votre adresse est confirmée chez { $origin }.
mail-code-footer = Envoyé parce que quelqu’un a saisi cette adresse sur { $origin }.
mail-fact-client = Pour
mail-fact-account = Compte { $provider }
mail-fact-id = Identifiant se terminant par
mail-fact-at = Quand
mail-fact-device = Appareil
mail-fact-place = Lieu
mail-fact-proof = Confirmé avec
mail-code-subject = Votre code
mail-code-heading = Votre code
mail-code-lead-sign-in = Quelqu’un, vous sans doute, veut se connecter avec cette adresse.
mail-code-lead-sign-up = Quelqu’un, vous sans doute, veut créer un compte avec cette adresse.
mail-code-lead-connect = Quelqu’un s’est connecté avec { $provider } et a donné cette adresse.
mail-code-lead-confirm = Quelqu’un, vous sans doute, modifie la façon d’ouvrir votre compte.
mail-code-valid =
    { $count ->
        [one] Il est valable { $count } minute.
       *[other] Il est valable { $count } minutes.
    }
mail-code-follows-sign-in = La personne qui le saisit est connectée.
mail-code-follows-sign-up = Le saisir crée le compte.
mail-code-follows-connect = Le saisir montre que cette boîte aux lettres est à vous. S’il existe un compte avec cette adresse, la page suivante demande avant d’associer quoi que ce soit.
mail-code-follows-confirm = Le saisir confirme la modification dans le navigateur qui l’a demandée.
mail-code-lead-sign-in-unknown = Quelqu’un, vous sans doute, veut se connecter avec cette adresse. Il n’y a pas encore de compte avec elle.
mail-code-lead-sign-up-known = Quelqu’un, vous sans doute, veut créer un compte avec cette adresse. Il en existe déjà un.
mail-code-lead-prove = Quelqu’un veut associer un compte { $provider } à votre compte ici.
mail-code-follows-sign-in-unknown = Le saisir permet de continuer et de créer un compte.
mail-code-follows-sign-up-known = Le saisir mène au compte existant ; aucun second compte n’est créé.
mail-code-follows-prove = Le saisir associe le compte indiqué ci-dessous. Toute personne qui peut s’y connecter pourra alors ouvrir votre compte.
mail-code-not-you = Si ce n’était pas vous, ne faites rien : sans le code, personne ne va plus loin. Ne le donnez à personne ; nul chez nous ne le demandera.
mail-linked-subject = { $provider } a été associé à votre compte
mail-linked-heading = Un nouveau moyen de connexion
mail-linked-lead = { $provider } a été associé à votre compte et peut désormais l’ouvrir.
mail-linked-not-you = Si ce n’était pas vous, ouvrez votre compte, retirez-y { $provider } et fermez les sessions que vous ne connaissez pas.
mail-unlinked-subject = { $provider } a été retiré de votre compte
mail-unlinked-heading = Un moyen de connexion a été retiré
mail-unlinked-lead = { $provider } n’ouvre plus votre compte. Les sessions ouvertes ainsi ont pris fin.
mail-unlinked-not-you = Si ce n’était pas vous, ouvrez votre compte et vérifiez vos moyens de connexion et vos sessions.
mail-recycled-identity-subject = Votre adresse est arrivée avec un autre compte { $provider }
mail-recycled-identity-heading = Autre compte { $provider }, même adresse
mail-recycled-identity-lead = Quelqu’un s’est connecté avec un autre compte { $provider } qui porte votre adresse. Il n’a pas été associé, et votre compte est inchangé.
mail-recycled-identity-not-you = Si c’était vous, connectez-vous comme d’habitude et ajoutez ce compte dans vos réglages. Sinon, vous n’avez rien à faire.
mail-password-set-subject = Votre mot de passe a été défini
mail-password-set-heading = Votre mot de passe a été défini
mail-password-set-lead = Un nouveau mot de passe ouvre désormais votre compte.
mail-password-set-not-you = Si ce n’était pas vous, ouvrez votre compte autrement, définissez un nouveau mot de passe et fermez les sessions que vous ne connaissez pas.
mail-passkey-added-subject = Une clé d’accès a été ajoutée à votre compte
mail-passkey-added-heading = Une clé d’accès a été ajoutée à votre compte
mail-passkey-added-lead = Une nouvelle clé d’accès ouvre désormais votre compte.
mail-passkey-added-not-you = Si ce n’était pas vous, ouvrez votre compte, retirez la clé d’accès parmi vos moyens de connexion et fermez les sessions que vous ne connaissez pas.
mail-passkey-removed-subject = Une clé d’accès a été retirée de votre compte
mail-passkey-removed-heading = Une clé d’accès a été retirée de votre compte
mail-passkey-removed-lead = Cette clé d’accès n’ouvre plus votre compte.
mail-passkey-removed-not-you = Si ce n’était pas vous, ouvrez votre compte autrement et vérifiez vos moyens de connexion et vos sessions.
mail-user-disabled-subject = Votre compte a été désactivé
mail-user-disabled-heading = Votre compte a été désactivé
mail-user-disabled-lead = L’administration a désactivé votre compte. Toutes les sessions ont pris fin ; vos données sont toujours là.
mail-user-disabled-not-you = Si vous ne savez pas pourquoi, demandez à la personne qui gère ce service.
mail-user-deleted-subject = Votre compte a été supprimé
mail-user-deleted-heading = Votre compte a été supprimé
mail-user-deleted-lead = Votre compte et les données enregistrées à votre sujet ont été supprimés. Toutes les sessions ont pris fin.
mail-user-deleted-not-you = Si vous ne vous y attendiez pas, demandez à la personne qui gère ce service.
mail-moved-subject = { $provider } ouvre désormais un autre de vos comptes
mail-moved-heading = Un moyen de connexion a été déplacé
mail-moved-lead = { $provider } est passé de l’un de vos comptes à l’autre et n’ouvre plus que celui-ci.
mail-moved-not-you = Si ce n’était pas vous, ouvrez votre compte, vérifiez vos moyens de connexion et fermez les sessions que vous ne connaissez pas.
mail-merged-subject = Deux de vos comptes n’en font plus qu’un
mail-merged-heading = Deux comptes n’en font plus qu’un
mail-merged-lead = Les moyens de connexion et les adresses des deux sont maintenant dans un seul compte. Vous pouvez annuler pendant 30 jours.
mail-merged-not-you = Si ce n’était pas vous, ouvrez votre compte, annulez-y ce changement et fermez les sessions que vous ne connaissez pas.
mail-undone-subject = Un changement de votre compte a été annulé
mail-undone-heading = Un changement a été annulé
mail-undone-lead = Un changement récent dans la façon d’ouvrir votre compte a été annulé ou suspendu.
mail-undone-not-you = Si ce n’était pas vous, ouvrez votre compte et vérifiez vos moyens de connexion et vos sessions.
mail-recovered-subject = Quelqu’un a retrouvé l’accès à votre compte
mail-recovered-heading = L’accès à votre compte a été rétabli
mail-recovered-lead = Quelqu’un, vous sans doute, a montré que ce compte est le sien. Toutes les autres sessions ont pris fin, et les moyens de connexion ajoutés récemment sont suspendus jusqu’à votre confirmation.
mail-recovered-not-you = Si ce n’était pas vous, ouvrez votre compte autrement et demandez de l’aide à la personne qui gère ce service.

# Poursuivre
notice-continue = Se connecter à ce compte
notice-separate = Continuer avec un compte distinct
continue-title = Continuer vers { $client }
continue-lead = Vous êtes déjà connecté.
continue-do = Continuer vers { $client }
continue-switch = Utiliser un autre compte

# Applications
account-see-applications = Applications autorisées
consent-title = { $client } souhaite savoir qui vous êtes
consent-lead = Vous êtes sur le point de vous connecter à { $client }.
consent-unverified = { $client } s’est enregistrée elle-même et personne n’a vérifié son nom. Vous serez redirigé vers { $place }. Ne continuez que si vous connaissez cette adresse.
consent-asked = Ce que demande { $client }
consent-known = déjà autorisé
consent-allow = Autoriser
consent-refuse = Ne pas autoriser
consent-later = Vous pouvez revenir sur ce choix à tout moment sur la page des applications autorisées.
scope-openid = Que c’est bien vous, quand vous revenez
scope-profile = Votre nom
scope-email = Votre adresse e-mail
scope-offline-access = Continuer à le savoir en votre absence
scope-identities = Avec quels fournisseurs vous vous connectez
scope-aliases = Sous quel identifiant vous étiez connu avant de réunir deux comptes
scope-other = { $scope }
form-post-title = Retour à l’application
form-post-lead = Votre réponse est en route. Si rien ne se passe, continuez vous-même.
leave-title = Se déconnecter ?
leave-lead = Vous seriez déconnecté ici. Les applications peuvent vous reconnaître encore un court moment.
leave-lead-client = { $client } demande à vous déconnecter ici. Les applications peuvent vous reconnaître encore un court moment.
leave-stay = Rester connecté
applications-title = Applications autorisées
applications-lead = Ces applications savent qui vous êtes. Retirer l’accès met fin aussitôt à ce qu’elles détiennent ; ce que vous y avez enregistré reste.
applications-none = Aucune application n’a d’accès.
applications-since = Depuis
applications-withdraw = Retirer
applications-withdraw-label = Retirer l’accès de { $client }
applications-withdrawn = Accès retiré.

# Un appareil demande
device-title = Connecter un appareil
device-lead = Saisissez le code affiché sur votre appareil.
device-compare = Est-ce bien le code affiché sur votre appareil ?
device-code = Code
device-own-code = Quelqu’un vous a envoyé ou dicté un code ? N’allez pas plus loin : cette personne serait connectée en votre nom.
device-answer-title = Se connecter à { $client } sur un appareil ?
device-answer-lead = Un appareil qui affiche ce code demande à être connecté à { $client } en votre nom.
device-warning = Ne continuez que si vous venez de le demander vous-même.
device-warning-why = Si quelqu’un vous a envoyé le code ou un lien, cette personne serait connectée en votre nom.
device-what = Appareil
device-where = Où
device-when = Demandé
device-same-network = Sur le même réseau que vous
device-other-network = Sur un autre réseau que le vôtre : { $network }
device-allow = Oui, connecter l’appareil
device-refuse = Non, ce n’était pas moi
device-allowed-title = L’appareil est connecté
device-allowed-lead = Continuez avec { $client } sur l’appareil. Vous pouvez fermer cette page.
device-refused-title = L’appareil n’a pas été autorisé
device-refused-lead = Personne n’a été connecté à { $client }. Si vous n’attendiez pas cette question, quelqu’un d’autre l’a posée : ne saisissez jamais un code qu’on vous a envoyé.

# Second factor
factor-title = Encore une étape
factor-lead = Saisissez le code que votre application d’authentification affiche pour ce compte.
field-totp = Code de votre application d’authentification
factor-use-recovery-code = Utiliser un code de secours
field-recovery-code = Code de secours
field-recovery-code-hint = L’un de ceux que vous avez notés en installant l’application. Chacun sert une fois.
account-second-factor = Connexion en deux étapes
account-second-factor-lead = Avec une application d’authentification, un mot de passe volé ne suffit plus à ouvrir votre compte.
account-add-totp = Configurer une application d’authentification
factor-app = Application d’authentification
factor-on = Activée
factor-new-codes = Nouveaux codes de secours
factor-turn-off = Désactiver
flash-second-factor-off = La connexion en deux étapes est désactivée.
step-up-second-factor = Pour modifier la connexion en deux étapes, confirmez que c’est bien vous.
event-totp-added = Connexion en deux étapes activée
event-totp-removed = Connexion en deux étapes désactivée
event-recovery-codes-made = Nouveaux codes de secours créés
add-totp-title = Configurer une application d’authentification
add-totp-lead = L’application affiche un nouveau code toutes les 30 secondes. Nous le demanderons à chaque connexion, après votre première étape.
add-totp-scan = Scannez ceci avec l’application
add-totp-qr = Code QR pour votre application d’authentification
add-totp-open = Ouvrir l’application sur cet appareil
add-totp-type = Ou saisissez cette clé dans l’application :
add-totp-sessions = Toutes les autres sessions de votre compte se terminent.
add-totp-do = Activer
recovery-codes-title = Notez ces codes
recovery-codes-lead = Chacun ouvre votre compte une fois, à la place de l’application. Gardez-les à l’abri des regards ; nous ne pourrons plus les afficher.
recovery-codes-set-up = La connexion en deux étapes est activée.
recovery-codes-list = Vos codes de secours
recovery-codes-done = Je les ai notés
factor-off-title = Désactiver la connexion en deux étapes ?
factor-off-change = Une seule étape suffira à ouvrir votre compte, et vos codes de secours ne fonctionneront plus. Toutes les autres sessions se terminent, et nous vous préviendrons par e-mail.
factor-off-stay = Vos moyens de connexion restent les mêmes.
factor-off-do = Désactiver
factor-codes-title = Créer de nouveaux codes de secours ?
factor-codes-change = Les codes que vous avez ne fonctionneront plus. Nous vous préviendrons par e-mail.
factor-codes-stay = Votre application d’authentification et vos moyens de connexion.
factor-codes-do = Créer de nouveaux codes
reason-wrong-totp = Ce code n’est pas le bon, ou a déjà servi. Attendez le suivant et réessayez.
reason-wrong-recovery-code = Ce code de secours n’est pas le bon, ou a déjà servi.
reason-totp-setup-over = La configuration a pris trop de temps, ou a commencé dans une autre session. Veuillez recommencer.
reason-no-second-factor = La connexion en deux étapes n’est pas activée pour ce compte.
reason-shared-access = Tout ce qui resterait dépend d’une seule boîte aux lettres ou d’un seul fournisseur, et ce compte est protégé. Ajoutez d’abord un autre moyen, comme une clé d’accès.
mail-totp-added-subject = Connexion en deux étapes activée
mail-totp-added-heading = Connexion en deux étapes activée
mail-totp-added-lead = Une application d’authentification est désormais demandée à chaque connexion. Toutes les autres sessions sont terminées.
mail-totp-added-not-you = Si ce n’était pas vous, récupérez votre compte depuis la page de connexion et contactez le responsable de ce service.
mail-totp-removed-subject = Connexion en deux étapes désactivée
mail-totp-removed-heading = Connexion en deux étapes désactivée
mail-totp-removed-lead = Une seule étape suffit désormais à ouvrir votre compte. Toutes les autres sessions sont terminées.
mail-totp-removed-not-you = Si ce n’était pas vous, ouvrez votre compte, réactivez-la, choisissez un nouveau mot de passe et vérifiez vos moyens de connexion.
mail-recovery-codes-made-subject = Nouveaux codes de secours créés
mail-recovery-codes-made-heading = Nouveaux codes de secours créés
mail-recovery-codes-made-lead = Les codes de secours que vous aviez ne fonctionnent plus.
mail-recovery-codes-made-not-you = Si ce n’était pas vous, ouvrez votre compte, créez de nouveaux codes et mettez fin aux sessions que vous ne reconnaissez pas.
mail-recovery-code-used-subject = Un code de secours a servi
mail-recovery-code-used-heading = Un code de secours a servi
mail-recovery-code-used-lead = Quelqu’un s’est connecté à votre compte avec l’un de vos codes de secours. Codes restants : { $left }.
mail-recovery-code-used-not-you = Si ce n’était pas vous, ouvrez votre compte, créez de nouveaux codes et mettez fin aux sessions que vous ne reconnaissez pas.
factor-codes-left =
    { $count ->
        [0] Aucun code de secours restant
        [one] { $count } code de secours restant
       *[other] { $count } codes de secours restants
    }

# Annuler
undo-connected-title = { $provider } a été relié à votre compte
undo-connected-lead = Si c’était vous, il n’y a rien à faire. Sinon, arrêtez-le ici.
undo-on-hold-title = { $provider } est suspendu
undo-on-hold-lead = Il n’ouvre pas votre compte pour le moment, et les sessions ouvertes avec lui sont terminées.
undo-gone-title = { $provider } n’est plus relié
undo-gone-lead = Il n’ouvre pas votre compte. Il n’y a plus rien à faire ici.
undo-removed-title = { $provider } a été retiré de votre compte
undo-removed-lead = Si c’était vous, il n’y a rien à faire. Sinon, connectez-vous et remettez-le.
undo-back-title = { $provider } ouvre de nouveau votre compte
undo-back-lead = Il a été relié de nouveau entre-temps. Il n’y a plus rien à faire ici.
undo-other = Vous êtes connecté en tant que { $name }, et il s’agit ici d’un autre compte. Connectez-vous à celui-là pour continuer.
undo-hold = Ce n’était pas moi : suspendre
undo-hold-lead = Aucune connexion n’est nécessaire. { $provider } cesse aussitôt d’ouvrir votre compte, et les sessions ouvertes avec lui se terminent.
undo-remove = Retirer { $provider }
undo-restore = Remettre { $provider }
undo-sign-in-remove = Se connecter pour retirer { $provider }
undo-sign-in-restore = Se connecter pour remettre { $provider }
undo-until = Possible jusqu’au
release-title = Utiliser de nouveau { $provider } ?
release-lead = Il est suspendu jusqu’à ce que vous disiez qu’il est à vous. Comparez le compte avant de continuer.
release-change = Quiconque peut se connecter à ce compte { $provider } peut ouvrir votre compte ici.
release-was-me = C’était moi
release-label = Utiliser de nouveau { $provider }
badge-on-hold = Suspendu
flash-restored = { $provider } ouvre de nouveau votre compte.
flash-released = { $provider } n’est plus suspendu.
mail-button-not-me = Ce n’était pas moi
mail-button-restore = Remettre
mail-linked-undo = Si ce n’était pas vous, appuyez sur le bouton : la page qu’il ouvre permet de suspendre { $provider } aussitôt, sans connexion. C’est possible pendant sept jours.
mail-unlinked-undo = Si ce n’était pas vous, appuyez sur le bouton : après connexion, vous pouvez remettre { $provider }. C’est possible pendant sept jours.

# Retrouver l’accès
recover-link = Je n’arrive pas à me connecter
way-recover = Retrouver l’accès à votre compte
recover-title = Retrouver l’accès à votre compte
recover-lead = Indiquez une adresse e-mail de votre compte. Nous y enverrons un code.
recover-what = Une fois l’accès retrouvé, toutes les autres sessions se terminent. Les moyens de connexion ajoutés ces sept derniers jours sont suspendus jusqu’à votre confirmation, et les clés d’accès ou l’application d’authentification ajoutées depuis sont retirées.
recover-unavailable = Les codes par e-mail sont désactivés ici : cette page ne peut pas vous laisser entrer. Adressez-vous au responsable de ce service.
code-purpose-recover = Saisissez-le ici pour retrouver l’accès à votre compte.
recover-proof-title = Encore une confirmation
recover-proof-lead = Votre compte demande une seconde confirmation qui ne dépend pas de la première.
recover-proof-mailbox = Envoyer un code à { $address }
recover-stuck = Rien d’autre ici ne pourrait confirmer que c’est vous. Adressez-vous au responsable de ce service en indiquant le code ci-dessous.
recovered-title = Vous avez retrouvé votre compte
recovered-lead = Toutes les autres sessions sont terminées, et chaque adresse confirmée a reçu un e-mail à ce sujet.
recovered-held = Suspendus jusqu’à votre confirmation
recovered-held-lead = Ils ont été ajoutés ces derniers jours. Gardez ce qui est à vous et retirez le reste.
recovered-none = Rien n’est suspendu.
recovered-passkeys = Les clés d’accès ou l’application d’authentification ajoutées ces sept derniers jours ont été retirées. Vous pouvez les ajouter de nouveau.
recovered-account = Voir tous les moyens de connexion
mail-code-lead-recover = Quelqu’un, vous sans doute, n’arrive pas à se connecter et veut retrouver l’accès au compte qui a cette adresse.
mail-code-lead-recover-unknown = Quelqu’un, vous sans doute, veut retrouver l’accès à un compte avec cette adresse. Il n’y a pas de compte avec elle.
mail-code-follows-recover = Le saisir redonne accès au compte, ou mène à une confirmation de plus. Toutes les autres sessions se terminent alors.
mail-code-follows-recover-unknown = Le saisir ne mène pas plus loin.
