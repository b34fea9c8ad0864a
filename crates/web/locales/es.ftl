# Alrededor de cada página
brand = Selfsame
skip-link = Ir al contenido
nav-label = Cuenta
nav-activity = Actividad
nav-sign-out = Cerrar sesión
language-label = Idioma
footer = Una persona, muchos accesos, una sola cuenta.
continue = Continuar
cancel = Cancelar
undo = Deshacer
or = o
list-separator = {", "}
support-code = Código de asistencia

# Fechas
moment = { $day } { $month } { $year }, { $time } UTC
day = { $day } { $month } { $year }
month-1 = ene
month-2 = feb
month-3 = mar
month-4 = abr
month-5 = may
month-6 = jun
month-7 = jul
month-8 = ago
month-9 = sept
month-10 = oct
month-11 = nov
month-12 = dic

# Dispositivos
device = { $browser } en { $system }
device-unknown = Dispositivo desconocido

# Campos
field-email = Correo electrónico
field-password = Contraseña
field-account-password = Contraseña de esta cuenta
field-name = Tu nombre
field-code = Código del correo
field-new-password = Elige una contraseña
field-new-password-hint = Al menos 8 caracteres. Unas palabras sin relación funcionan bien.
password-show = Mostrar
password-hide = Ocultar
error-summary = Todavía no ha funcionado

# Entrar
sign-in-title = Iniciar sesión
to-continue-to = para continuar a { $client }
continue-with = Continuar con { $provider }
last-used = Último usado
sign-in-switch-notice = Has iniciado sesión como { $name }. Si entras con otra cuenta, te preguntaremos cuál usar.
sign-in-nothing-enabled = El inicio de sesión está desactivado por ahora. Vuelve más tarde.
cancelled-way-on = Elige otra vez, o usa otra forma.
sign-in-new-here = ¿Primera vez aquí?
sign-in-forget = ¿No eres tú? Olvidar lo que recuerda este navegador
not-you = ¿No eres tú?
password-title = Escribe tu contraseña
password-code-title = Comprueba que eres tú
sign-up-title = Crear una cuenta
sign-up-submit = Crear cuenta
sign-up-next = Después enviaremos un código a tu dirección. No se crea nada hasta que lo escribas.
sign-up-have-account = ¿Ya tienes cuenta?

# Código
code-title = Escribe el código
code-sent-to = Hemos enviado un código a
code-purpose-sign-in = Escríbelo aquí para iniciar sesión.
code-purpose-sign-up = Escríbelo aquí para crear tu cuenta.
code-purpose-external = { $provider } nos dio esta dirección. Escribe el código para seguir; el correo explica qué pasa después.
code-purpose-confirm = Escríbelo aquí para confirmar que eres tú.
code-resent = Un código nuevo va en camino. El anterior ya no sirve.
code-attempts-left =
    { $count ->
        [one] Queda un intento; después necesitarás un código nuevo.
       *[other] Quedan { $count } intentos; después necesitarás un código nuevo.
    }
code-not-there = ¿No ha llegado? Mira en el correo no deseado o espera un minuto.
code-resend = Enviar un código nuevo

# Cambiar y salir
switch-title = ¿Qué cuenta quieres usar?
switch-lead = Aquí ya hay una sesión de otra cuenta.
switch-other = Acabas de entrar como
switch-current = Sesión hasta ahora
switch-do = Cambiar a esta cuenta
switch-stay = Seguir con esta cuenta
switch-unchanged = Ninguna de las dos cuentas cambia.
signed-out-title = Has cerrado la sesión
signed-out-lead = Puedes cerrar esta ventana. Las aplicaciones abiertas pueden mantenerte dentro un rato más.
signed-out-going-on = Se está avisando a las demás aplicaciones. Sigues en un momento.

# Tarjetas
card-external = Cuenta de { $provider }
card-address-not-confirmed = Dirección sin confirmar
card-id = Identificador terminado en
card-look-twice = Este nombre mezcla alfabetos u oculta caracteres. Compara el identificador antes de seguir.
card-account = Tu cuenta aquí

# Conflicto y conexión
conflict-title = Ya tienes una cuenta
conflict-lead = Demuestra una vez que es tuya y podrás abrirla también con { $provider }.
conflict-used = Acabas de usar
conflict-found = Cuenta aquí con esta dirección
conflict-prove = ¿Es tu cuenta?
effects-change = Qué pasará
effects-stay = Qué sigue igual
conflict-change = { $provider } será una forma más de entrar en esta cuenta.
conflict-stay = Tus datos, tu dirección y tus otras formas de entrar. { $provider } no recibe nada de nosotros.
conflict-without = Continuar sin conectar
proof-others = O confírmalo de otra forma
proof-password = Usar tu contraseña
proof-confirm = Confirmar y seguir
proof-code = Recibir un código por correo
confirm-link-title = ¿Conectar esta cuenta de { $provider }?
confirm-link-silent = { $provider } ha respondido con esta cuenta. Comprueba que es la que quieres.
confirm-link-lead = Comprueba que estas son las cuentas que quieres conectar.
confirm-link-used = De { $provider }
confirm-link-yours = Tu cuenta aquí
confirm-link-do = Conectar { $provider }
confirm-link-cancel = No conectar
connect-title = Conectar { $provider }
connect-lead = Irás a { $provider }, elegirás allí una cuenta y volverás aquí.
connect-with = Proveedor
connect-you-choose = Elegirás la cuenta en la página siguiente.
connect-change = Quien pueda entrar en esa cuenta de { $provider } podrá abrir tu cuenta aquí. Te avisaremos por correo.
connect-stay = Tus datos y tus otras formas de entrar. Puedes quitar { $provider } cuando quieras.
connect-do = Ir a { $provider }
linked-title = { $provider } está conectado
linked-lead = Desde ahora puedes abrir tu cuenta con { $provider }. Te hemos enviado un correo.
linked-new = Nueva forma de entrar
linked-not-yours = ¿No era lo que querías?
linked-undo = Quitarla
notice-other-account-title = Ya hay otra cuenta conectada
notice-address-taken-title = Esta dirección pertenece a una cuenta
notice-refused-title = No podemos permitirlo
notice-returning-title = Esta forma de entrar se quitó antes
with-title = Entra con tu proveedor
with-lead = Eres tú. Tu cuenta se abre con un proveedor conectado a ella; continúa allí.
again-title = Una vez más por { $provider }
again-lead = Han pasado unos minutos desde que volviste de { $provider }. Ve allí una vez más para terminar. No se pierde nada de lo que hiciste aquí.
again-used = Llegaste con
notice-unchanged = No se ha cambiado ni conectado nada.

# Cómo seguir
way-sign-in = Iniciar sesión
way-other-sign-in = Entrar de otra forma
way-sign-up = Crear una cuenta
way-try-again = Reintentar
way-start-over = Empezar de nuevo
way-account = Volver a tu cuenta
way-home = Ir a la página inicial
way-back = Volver

# Cuenta
account-title = Tus formas de entrar
access-usable =
    { $count ->
        [0] Ahora mismo nada abre tu cuenta.
        [one] Una sola forma abre tu cuenta.
       *[other] Cualquiera de estas { $count } abre tu cuenta.
    }
access-one-mailbox = { $count } de ellas dependen del mismo buzón.
access-all-one-mailbox = Todas dependen del mismo buzón.
access-one-provider = { $count } de ellas dependen de { $provider }.
access-all-one-provider = Todas dependen de { $provider }.
access-add-independent = Si lo pierdes, pierdes tu cuenta. Añade una forma de acceder que no dependa de eso: una llave de acceso o una contraseña.
account-methods = Formas de entrar
account-methods-none = Todavía no hay ninguna forma de entrar. Añade una abajo.
badge-used-now = En uso
badge-needs-attention = Conviene revisarla
badge-provider-disabled = Desactivada aquí
method-password = Contraseña
method-email-code = Código por correo
method-passkey = Llave de acceso
method-linked-on = Conectada el
method-set-on = Definida el
method-added-on = Añadida el
method-last-used = Último uso el
method-never-used = Sin usar todavía
method-change-password = Cambiar
method-password-stays = Puedes cambiarla, pero no quitarla.
method-email-code-stays = Va unido a tu dirección confirmada.
method-remove = Quitar
method-remove-label = Quitar { $provider }
account-add = Añadir una forma de entrar
account-add-lead = Con una segunda forma no te quedarás fuera.
account-connect = Conectar { $provider }
account-set-password = Definir una contraseña
account-add-passkey = Añadir una llave de acceso
account-addresses = Direcciones de correo
account-addresses-none = Todavía no hay ninguna dirección confirmada.
address-proven-on = Confirmada el
account-sessions = Dónde tienes la sesión abierta
session-current = Este dispositivo
session-since = desde el
session-end = Cerrar
session-end-label = Cerrar la sesión en { $device }
account-see-activity = Ver la actividad reciente
flash-linked = { $provider } ({ $account }) está conectado.
flash-removed = { $provider } ya no abre tu cuenta.
flash-password-set = Tu contraseña está definida.
flash-passkey-added = Tu llave de acceso está añadida. Desde ahora puedes entrar con ella.
flash-passkey-removed = La llave de acceso está quitada.
flash-session-ended = La sesión se ha cerrado.
flash-cancelled = Has vuelto de { $provider } sin conectar. No ha cambiado nada.
flash-already-linked = Esta cuenta de { $provider } ya está conectada a la tuya.

# Quitar
remove-title = ¿Quitar { $provider }?
remove-what = Esta forma de entrar
remove-change = { $provider } dejará de abrir tu cuenta. Te avisaremos por correo.
remove-sessions =
    { $count ->
        [one] Se cierra una sesión abierta así.
       *[other] Se cierran { $count } sesiones abiertas así.
    }
remove-this-session = La que usas ahora es una de ellas, así que tendrás que entrar de nuevo.
remove-stay = Podrás seguir entrando con: { $methods }.
remove-step-up = Te pediremos confirmar que eres tú.
remove-do = Quitar { $provider }
remove-keep = Conservar
remove-again = Podrás conectarla de nuevo más adelante.

# Confirmar
step-up-title = Confirma que eres tú
step-up-connect = Vas a conectar { $provider } a tu cuenta.
step-up-remove = Vas a quitar { $provider } de tu cuenta.
step-up-set-password = Vas a definir una contraseña para tu cuenta.
step-up-add-passkey = Para añadir una llave de acceso, confirma que eres tú.
step-up-continue = Hace un rato que iniciaste sesión.
step-up-client = { $client } te pide confirmar que eres tú.
step-up-none = Aquí no hay forma de confirmarlo. Cierra la sesión, entra de nuevo y vuelve.
step-up-cancel = Cancelar y volver

# Actividad
activity-title = Actividad reciente
activity-lead = Todo lo que ha tocado tu cuenta. ¿Hay algo que no reconoces? Quita esa forma de entrar y cierra sus sesiones.
activity-none = Todavía no ha pasado nada.
activity-by = con
activity-by-operator = Hecho por la administración
activity-older = Anterior
event-what-unknown = una forma de entrar
event-user-created = Se creó tu cuenta
event-user-disabled = Se desactivó tu cuenta
event-user-enabled = Se volvió a activar tu cuenta
event-user-deleted = Se eliminó tu cuenta
event-signed-in = Iniciaste sesión
event-signed-out = Cerraste sesión
event-stepped-up = Confirmaste que eres tú
event-session-ended = Se cerró una sesión
event-address-proven = Dirección confirmada: { $what }
event-password-set = Se definió tu contraseña
event-passkey-added = Se añadió una llave de acceso
event-passkey-removed = Se quitó una llave de acceso
event-linked = Conectado: { $what }
event-unlinked = Quitado: { $what }
event-link-refused = No conectado: { $what }
event-recycled-identity-noticed = Tu dirección llegó con una cuenta que no está conectada: { $what }
event-connection-declared = Proveedor añadido: { $what }
event-connection-enabled = Proveedor activado: { $what }
event-connection-disabled = Proveedor desactivado: { $what }
event-link-moved = Movido entre tus cuentas: { $what }
event-users-merged = Dos de tus cuentas son ahora una
event-link-held = En pausa: { $what }
event-link-released = Ya no está en pausa: { $what }
event-change-undone = Deshecho: { $what }
event-recovered = Recuperaste el acceso a tu cuenta
event-connection-moved = Proveedor configurado de nuevo: { $what }
event-application-signed-in = Inicio de sesión en una aplicación
event-consent-given = Se permitió una aplicación
event-consent-withdrawn = Se retiró el acceso de una aplicación
event-token-reused = Un código o token llegó dos veces; lo que dependía de él ha terminado
event-client-registered = Se registró una aplicación
event-client-changed = Se modificó una aplicación
event-client-removed = Se eliminó una aplicación
event-registration-token-made = Se creó un token para registrar aplicaciones
event-registration-token-revoked = Se retiró un token para registrar aplicaciones
event-member-added = Te uniste a una organización
event-member-removed = Dejaste una organización

# Contraseña
set-password-title = Definir una contraseña
set-password-change-title = Cambiar tu contraseña
set-password-lead = Será una forma más de entrar.
set-password-change-lead = Se cerrará la sesión en tus otros dispositivos y aplicaciones.
set-password-do = Guardar contraseña
add-passkey-title = Añadir una llave de acceso
add-passkey-lead = Tu dispositivo guarda una llave para esta cuenta y la abre con tu huella, tu cara o el bloqueo de pantalla. No hay nada que recordar, y ninguna otra página puede pedirla.
field-passkey-name = Nombre de esta llave de acceso
add-passkey-do = Crear una llave de acceso
passkey-use = Usar una llave de acceso
passkey-cancelled = No respondió ninguna llave de acceso. Inténtalo de nuevo o elige otra forma.
passkey-needs-script = Las llaves de acceso necesitan JavaScript. Actívalo para esta página o elige otra forma.

# Errores
error-title-not-found = Aquí no hay nada
error-title-unavailable = Volvemos enseguida
error-title-cancelled = Has vuelto sin iniciar sesión
error-title-provider = El proveedor no respondió como debía
error-title-stale = Esta página ya no está al día
error-title-wait = Esperemos un momento
error-title-wrong = No ha funcionado
error-title-refused = No podemos permitirlo
error-retry = Recarga esta página en un momento.
error-help = Qué significa y qué lo cambiaría

# Motivos
reason-other = Algo no ha funcionado y no se ha cambiado nada. Inténtalo de nuevo.
reason-provider-down = Ahora mismo no podemos contactar con el proveedor. Inténtalo en un minuto o entra de otra forma.
reason-provider-cancelled = El inicio de sesión en el proveedor se canceló. No ha cambiado nada.
reason-provider-answer-invalid = La respuesta del proveedor no pasó nuestras comprobaciones y no la hemos usado. Inténtalo de nuevo o entra de otra forma.
reason-flow-expired = Ha durado más de lo que podemos mantenerlo abierto. Empieza de nuevo.
reason-flow-spent = Este paso ya está hecho. Sigue desde donde estás o empieza de nuevo.
reason-flow-forged = Esta página no pertenece a un inicio de sesión de este navegador. Empieza de nuevo aquí.
reason-origin-mismatch = La petición no venía de una de nuestras páginas. Abre la página otra vez y reinténtalo.
reason-wrong-password = La dirección y la contraseña no coinciden. Revisa ambas o elige otra forma.
reason-passkey-failed = Esta llave de acceso no se pudo usar aquí. Inténtalo de nuevo o elige otra forma.
reason-passkey-not-found = Esta llave de acceso no se conoce aquí o es de otra cuenta. Elige otra llave u otra forma.
reason-passkey-taken = Esta llave de acceso ya estaba añadida.
reason-too-many-passkeys = Tu cuenta tiene tantas llaves de acceso como puede tener. Quita primero una que ya no uses.
reason-wrong-code = No es el último código que enviamos. Compáralo con el correo más reciente.
reason-code-expired = Este código ya es demasiado antiguo. Pide uno nuevo.
reason-code-attempts-used-up = Ha habido demasiados intentos con este código. Pide uno nuevo.
reason-throttled = Ha habido muchos intentos. Espera unos minutos e inténtalo de nuevo.
reason-last-method = Es tu único acceso. Añade otro primero.
reason-session-expired = Tu sesión se cerró mientras tanto. Inicia sesión de nuevo.
reason-step-up-needed = Confirma primero que eres tú.
reason-identity-of-other-user = Esta cuenta del proveedor ya abre otra cuenta aquí. Entra con ella, quítala allí y después conéctala aquí.
reason-identity-held = Esta forma de entrar está en pausa por seguridad. Entra de otra forma.
reason-match-inactive = No podemos iniciar tu sesión así. Contacta con asistencia indicando el código de abajo.
reason-same-provider-other-subject = La cuenta de aquí está conectada a otra cuenta de este proveedor. Entra con esa otra y después añade esta.
reason-address-belongs-to-account = Esta dirección ya pertenece a una cuenta. Inicia sesión en ella.
reason-sign-up-closed = Aquí no se pueden crear cuentas nuevas. Si tienes una, inicia sesión con ella.
reason-sign-up-invited = Aquí las cuentas nuevas son por invitación. Usa el enlace de tu invitación.
reason-link-limit = No puedes conectar más cuentas de este proveedor. Quita una para conectar otra.
reason-purpose-forbids = Este proveedor no está previsto para esto aquí. Elige otra forma.
reason-connection-disabled = El acceso con este proveedor está desactivado por ahora. Elige otra forma.
reason-unknown-connection = No conocemos este proveedor. Elige uno de la lista.
reason-old-epoch = Esta conexión se configuró de nuevo desde tu último uso. Entra de otra forma y conéctala otra vez.
reason-user-inactive = Esta cuenta no se puede usar por ahora. Contacta con asistencia indicando el código de abajo.
reason-weak-password = Esta contraseña sería fácil de adivinar. Prueba una más larga o unas palabras sin relación.
reason-invalid-address = No parece una dirección de correo completa. Debería ser como name@example.org.
reason-wrong-user-proved = Has confirmado una cuenta distinta de la mostrada. Usa una forma de entrar de la cuenta de esta página.
reason-proof-by-same-identity = Es justo la cuenta que quieres conectar. Confírmalo de otra manera.
reason-not-fresh = Hace un rato que entraste allí. Inicia sesión otra vez en el proveedor.
reason-database-unavailable = Ahora mismo no podemos acceder a nuestros datos. No se ha perdido nada; inténtalo en breve.
reason-bad-request = Algo en esta petición no era como esperábamos. Vuelve atrás e inténtalo otra vez.
reason-not-found = Esta página no existe o ha cambiado de sitio.
reason-already-linked = Ya está conectada a tu cuenta.
reason-link-not-found = Esta forma de entrar ya no está en tu cuenta.
reason-password-already-set = Tu cuenta ya tiene contraseña. Puedes cambiarla.
reason-level-too-low = Para esto hace falta una forma de entrar más segura que la que usaste.
reason-mail-limit = Hemos enviado varios correos a esta dirección. Espera un poco antes de pedir otro.
reason-internal-error = Algo ha fallado por nuestra parte. No se ha cambiado nada; inténtalo de nuevo.
reason-method-not-allowed = Esta forma de entrar no está disponible aquí. Elige otra.
reason-invalid-name = Dinos un nombre que quepa en una línea.
reason-no-account-here = Todavía no hay ninguna cuenta con esta dirección. Puedes crear una o probar otra dirección.
reason-identity-was-removed = Esta cuenta del proveedor ya estuvo conectada aquí y se quitó. Para conectarla de nuevo, entra primero de otra forma. O empieza con una cuenta aparte.
reason-ticket-outdated = Tu cuenta ha cambiado desde que empezaste. Empieza de nuevo.
reason-unknown-application = No conocemos la aplicación que te envió aquí. Ábrela de nuevo como lo haces siempre.
reason-redirect-not-registered = La aplicación quería enviarte a un lugar que no tiene registrado, así que nos detuvimos. Avisa a quien la gestiona.
reason-handover-invalid = La aplicación recogió el acceso demasiado tarde o dos veces. Inicia sesión allí de nuevo.
reason-busy = Hay mucha gente ahora mismo. No se ha perdido nada; inténtalo en breve.
reason-outside-organisation = Este proveedor es para miembros de una organización. Entra de otra forma.
reason-organisation-forces-connection = Tu organización quiere que confirmes con su propio proveedor. Elige ese.
reason-several-matches = Aquí podría tratarse de más de una cuenta. Entra en la que quieras y añade allí este proveedor.
reason-session-scope = Aquí puedes ver tu cuenta, pero no cambiarla. Entra antes en ella directamente.
reason-same-user = Las dos son la misma cuenta. No hay nada que hacer.
reason-undo-unknown = Aquí no hay nada que se pueda deshacer.
reason-undo-spent = Esto ya se deshizo.
reason-undo-expired = El plazo para deshacerlo ha pasado. Puedes seguir cambiando tus formas de entrar en tu cuenta.
reason-more-proofs-needed = Hace falta una confirmación más, con una forma que no dependa de la primera.
reason-too-short = Esta contraseña es demasiado corta. Usa al menos 8 caracteres.
reason-too-long = Esta contraseña es más larga de lo que admitimos. Elige una más corta.
reason-guessable = Esta contraseña sería fácil de adivinar. Añade una o dos palabras sin relación.
reason-keyboard-row = Las filas de teclas son fáciles de adivinar. Unas palabras sin relación funcionan mejor.
reason-keyboard-pattern = Los patrones cortos del teclado son fáciles de adivinar. Unas palabras sin relación funcionan mejor.
reason-repeated-character = Repetir un carácter añade poco. Prueba unas palabras sin relación.
reason-repeated-pattern = Repetir el mismo trozo añade poco. Prueba unas palabras sin relación.
reason-common-password = Mucha gente usa esta contraseña, así que es de las primeras que se prueban. Elige otra.
reason-similar-to-common = Se parece a una contraseña muy usada. Elige otra.
reason-sequence = Las secuencias como abc o 6543 son fáciles de adivinar. Prueba unas palabras sin relación.
reason-recent-year = Los años son fáciles de adivinar. Prueba unas palabras sin relación.
reason-single-word = Una sola palabra es fácil de adivinar. Añade dos o tres sin relación.
reason-date = Las fechas son fáciles de adivinar. Prueba unas palabras sin relación.
reason-name = Los nombres son fáciles de adivinar. Añade unas palabras sin relación.
reason-device-code-unknown = Ningún dispositivo muestra este código, o ya no. Escribe el código que tu dispositivo muestra ahora.
reason-device-never-links = Esta cuenta no está conectada aquí, y de camino a un dispositivo no se conecta nada. Entra primero en tu cuenta y escribe después el código del dispositivo.

# Correos
mail-a-provider = un proveedor
mail-button = Revisar tu cuenta
mail-footer = Recibes esto porque tu dirección está confirmada en { $origin }.
mail-code-footer = Enviado porque alguien escribió esta dirección en { $origin }.
mail-fact-client = Para
mail-fact-account = Cuenta de { $provider }
mail-fact-id = Identificador terminado en
mail-fact-at = Cuándo
mail-fact-device = Dispositivo
mail-fact-place = Lugar
mail-fact-proof = Confirmado con
mail-code-subject = Tu código
mail-code-heading = Tu código
mail-code-lead-sign-in = Alguien, ojalá tú, quiere iniciar sesión con esta dirección.
mail-code-lead-sign-up = Alguien, ojalá tú, quiere crear una cuenta con esta dirección.
mail-code-lead-connect = Alguien entró con { $provider } y dio esta dirección.
mail-code-lead-confirm = Alguien, ojalá tú, está cambiando cómo se abre tu cuenta.
mail-code-valid =
    { $count ->
        [one] Vale durante un minuto.
       *[other] Vale durante { $count } minutos.
    }
mail-code-follows-sign-in = Quien lo escriba inicia la sesión.
mail-code-follows-sign-up = Al escribirlo se crea la cuenta.
mail-code-follows-connect = Al escribirlo se demuestra que este buzón es tuyo. Si hay una cuenta con esta dirección, la página siguiente pregunta antes de conectar nada.
mail-code-follows-confirm = Al escribirlo se confirma el cambio en el navegador que lo pidió.
mail-code-lead-sign-in-unknown = Alguien, ojalá tú, quiere iniciar sesión con esta dirección. Todavía no hay ninguna cuenta con ella.
mail-code-lead-sign-up-known = Alguien, ojalá tú, quiere crear una cuenta con esta dirección. Ya existe una.
mail-code-lead-prove = Alguien quiere conectar una cuenta de { $provider } a tu cuenta aquí.
mail-code-follows-sign-in-unknown = Al escribirlo puedes seguir y crear una cuenta.
mail-code-follows-sign-up-known = Al escribirlo se llega a la cuenta que ya existe; no se crea otra.
mail-code-follows-prove = Al escribirlo se conecta la cuenta indicada abajo. Desde entonces, quien pueda entrar en ella podrá abrir tu cuenta.
mail-code-not-you = Si no has sido tú, no hagas nada: sin el código nadie avanza. No se lo des a nadie; nosotros nunca lo pediremos.
mail-linked-subject = { $provider } se conectó a tu cuenta
mail-linked-heading = Una forma nueva de entrar
mail-linked-lead = { $provider } se conectó a tu cuenta y desde ahora puede abrirla.
mail-linked-not-you = Si no has sido tú, abre tu cuenta, quita { $provider } y cierra las sesiones que no reconozcas.
mail-unlinked-subject = { $provider } se quitó de tu cuenta
mail-unlinked-heading = Se quitó una forma de entrar
mail-unlinked-lead = { $provider } ya no abre tu cuenta. Las sesiones abiertas así se han cerrado.
mail-unlinked-not-you = Si no has sido tú, abre tu cuenta y revisa tus formas de entrar y tus sesiones.
mail-recycled-identity-subject = Tu dirección llegó con otra cuenta de { $provider }
mail-recycled-identity-heading = Otra cuenta de { $provider }, la misma dirección
mail-recycled-identity-lead = Alguien entró con otra cuenta de { $provider } que lleva tu dirección. No se conectó y tu cuenta sigue igual.
mail-recycled-identity-not-you = Si has sido tú, entra como siempre y añade esa cuenta en tus ajustes. Si no, no tienes que hacer nada.
mail-password-set-subject = Se definió tu contraseña
mail-password-set-heading = Se definió tu contraseña
mail-password-set-lead = Desde ahora una contraseña nueva abre tu cuenta.
mail-password-set-not-you = Si no has sido tú, abre tu cuenta de otra forma, define una contraseña nueva y cierra las sesiones que no reconozcas.
mail-passkey-added-subject = Se añadió una llave de acceso a tu cuenta
mail-passkey-added-heading = Se añadió una llave de acceso a tu cuenta
mail-passkey-added-lead = Desde ahora una nueva llave de acceso abre tu cuenta.
mail-passkey-added-not-you = Si no has sido tú, abre tu cuenta, quita la llave de acceso en tus formas de entrar y cierra las sesiones que no reconozcas.
mail-passkey-removed-subject = Se quitó una llave de acceso de tu cuenta
mail-passkey-removed-heading = Se quitó una llave de acceso de tu cuenta
mail-passkey-removed-lead = Esta llave de acceso ya no abre tu cuenta.
mail-passkey-removed-not-you = Si no has sido tú, abre tu cuenta de otra forma y revisa tus formas de entrar y tus sesiones.
mail-user-disabled-subject = Se desactivó tu cuenta
mail-user-disabled-heading = Se desactivó tu cuenta
mail-user-disabled-lead = La administración desactivó tu cuenta. Todas las sesiones se han cerrado; tus datos siguen ahí.
mail-user-disabled-not-you = Si no sabes por qué, pregunta a quien gestiona este servicio.
mail-user-deleted-subject = Se eliminó tu cuenta
mail-user-deleted-heading = Se eliminó tu cuenta
mail-user-deleted-lead = Se ha eliminado tu cuenta y lo que se guardaba sobre ti. Todas las sesiones se han cerrado.
mail-user-deleted-not-you = Si no lo esperabas, pregunta a quien gestiona este servicio.
mail-moved-subject = { $provider } abre ahora otra de tus cuentas
mail-moved-heading = Una forma de entrar ha cambiado de cuenta
mail-moved-lead = { $provider } pasó de una de tus cuentas a la otra y desde ahora solo abre esa.
mail-moved-not-you = Si no has sido tú, abre tu cuenta, revisa tus formas de entrar y cierra las sesiones que no reconozcas.
mail-merged-subject = Dos de tus cuentas son ahora una
mail-merged-heading = Dos cuentas son ahora una
mail-merged-lead = Las formas de entrar y las direcciones de ambas están ahora en una sola cuenta. Se puede deshacer durante 30 días.
mail-merged-not-you = Si no has sido tú, abre tu cuenta, deshazlo allí y cierra las sesiones que no reconozcas.
mail-undone-subject = Se deshizo un cambio en tu cuenta
mail-undone-heading = Se deshizo un cambio
mail-undone-lead = Un cambio reciente en cómo se abre tu cuenta se deshizo o se puso en pausa.
mail-undone-not-you = Si no has sido tú, abre tu cuenta y revisa tus formas de entrar y tus sesiones.
mail-recovered-subject = Alguien recuperó el acceso a tu cuenta
mail-recovered-heading = Se recuperó tu cuenta
mail-recovered-lead = Alguien, esperamos que tú, demostró que esta cuenta es suya. Todas las demás sesiones se han cerrado, y las formas de entrar añadidas hace poco están en pausa hasta que las confirmes.
mail-recovered-not-you = Si no has sido tú, abre tu cuenta de otra forma y pide ayuda a quien gestiona este servicio.

# Seguir
notice-continue = Iniciar sesión en esa cuenta
notice-separate = Continuar con una cuenta aparte
continue-title = Continuar a { $client }
continue-lead = Ya ha iniciado sesión.
continue-do = Continuar a { $client }
continue-switch = Usar otra cuenta

# Aplicaciones
account-see-applications = Aplicaciones con acceso
consent-title = { $client } quiere saber quién eres
consent-lead = Vas a iniciar sesión en { $client }.
consent-unverified = { $client } se registró por su cuenta y nadie ha comprobado su nombre. Irás a { $place }. Continúa solo si lo conoces.
consent-asked = Lo que pide { $client }
consent-known = ya permitido
consent-allow = Permitir
consent-refuse = No permitir
consent-later = Puedes retirarlo en cualquier momento en la página de aplicaciones con acceso.
scope-openid = Que eres tú, cuando vuelves
scope-profile = Tu nombre
scope-email = Tu dirección de correo
scope-offline-access = Seguir sabiéndolo cuando no estás
scope-identities = Con qué proveedores inicias sesión
scope-aliases = Con qué identificador se te conocía antes de unir dos cuentas
scope-other = { $scope }
form-post-title = De vuelta a la aplicación
form-post-lead = Tu respuesta está en camino. Si no ocurre nada, continúa tú.
leave-title = ¿Cerrar la sesión?
leave-lead = Se cerraría tu sesión aquí. Las aplicaciones pueden reconocerte un rato más.
leave-lead-client = { $client } pide cerrar tu sesión aquí. Las aplicaciones pueden reconocerte un rato más.
leave-stay = Seguir con la sesión
applications-title = Aplicaciones con acceso
applications-lead = Estas aplicaciones saben quién eres. Al retirar el acceso termina al momento lo que tienen; lo que guardas allí permanece.
applications-none = Ninguna aplicación tiene acceso.
applications-since = Desde
applications-withdraw = Retirar
applications-withdraw-label = Retirar el acceso de { $client }
applications-withdrawn = Acceso retirado.

# Un dispositivo pregunta
device-title = Conectar un dispositivo
device-lead = Escribe el código que muestra tu dispositivo.
device-compare = ¿Es este el código que muestra tu dispositivo?
device-code = Código
device-own-code = ¿Alguien te ha enviado o dicho un código? No sigas: entraría en tu nombre.
device-answer-title = ¿Iniciar sesión en { $client } en un dispositivo?
device-answer-lead = Un dispositivo que muestra este código quiere iniciar sesión en { $client } en tu nombre.
device-warning = Sigue solo si lo has empezado tú, ahora mismo.
device-warning-why = Si alguien te ha enviado el código o un enlace, entraría en tu nombre.
device-what = Dispositivo
device-where = Dónde
device-when = Pedido
device-same-network = En la misma red que tú
device-other-network = En otra red que la tuya: { $network }
device-allow = Sí, iniciar sesión en el dispositivo
device-refuse = No, no he sido yo
device-allowed-title = El dispositivo ha iniciado sesión
device-allowed-lead = Sigue allí con { $client }. Puedes cerrar esta página.
device-refused-title = El dispositivo no ha entrado
device-refused-lead = Nadie ha iniciado sesión en { $client }. Si no esperabas esta pregunta, la hizo otra persona: no escribas nunca un código que te hayan enviado.

# Second factor
factor-title = Un paso más
factor-lead = Escribe el código que tu aplicación de autenticación muestra para esta cuenta.
field-totp = Código de tu aplicación de autenticación
factor-use-recovery-code = Usar un código de recuperación
field-recovery-code = Código de recuperación
field-recovery-code-hint = Uno de los que anotaste al configurar la aplicación. Cada uno sirve una vez.
account-second-factor = Acceso en dos pasos
account-second-factor-lead = Con una aplicación de autenticación, una contraseña robada ya no basta para abrir tu cuenta.
account-add-totp = Configurar una aplicación de autenticación
factor-app = Aplicación de autenticación
factor-on = Activado
factor-new-codes = Nuevos códigos de recuperación
factor-turn-off = Desactivar
flash-second-factor-off = El acceso en dos pasos está desactivado.
step-up-second-factor = Para cambiar el acceso en dos pasos, confirma que eres tú.
event-totp-added = Se activó el acceso en dos pasos
event-totp-removed = Se desactivó el acceso en dos pasos
event-recovery-codes-made = Se crearon nuevos códigos de recuperación
add-totp-title = Configurar una aplicación de autenticación
add-totp-lead = La aplicación muestra un código nuevo cada 30 segundos. Te lo pediremos cada vez que accedas, después del primer paso.
add-totp-scan = Escanea esto con la aplicación
add-totp-qr = Código QR para tu aplicación de autenticación
add-totp-open = Abrir la aplicación en este dispositivo
add-totp-type = O escribe esta clave en la aplicación:
add-totp-sessions = Todas las demás sesiones de tu cuenta se cierran.
add-totp-do = Activar
recovery-codes-title = Anota estos códigos
recovery-codes-lead = Cada uno abre tu cuenta una vez, en lugar de la aplicación. Guárdalos donde nadie más mire; no podremos mostrarlos otra vez.
recovery-codes-set-up = El acceso en dos pasos está activado.
recovery-codes-list = Tus códigos de recuperación
recovery-codes-done = Ya los he anotado
factor-off-title = ¿Desactivar el acceso en dos pasos?
factor-off-change = Un solo paso bastará para abrir tu cuenta, y tus códigos de recuperación dejarán de funcionar. Todas las demás sesiones se cierran, y te avisaremos por correo.
factor-off-stay = Tus formas de acceder siguen como están.
factor-off-do = Desactivar
factor-codes-title = ¿Crear nuevos códigos de recuperación?
factor-codes-change = Los códigos que tienes dejarán de funcionar. Te avisaremos por correo.
factor-codes-stay = Tu aplicación de autenticación y tus formas de acceder.
factor-codes-do = Crear nuevos códigos
reason-wrong-totp = Ese código no es correcto o ya se usó. Espera al siguiente e inténtalo de nuevo.
reason-wrong-recovery-code = Ese código de recuperación no es correcto o ya se usó.
reason-totp-setup-over = La configuración tardó demasiado o empezó en otra sesión. Empieza de nuevo.
reason-no-second-factor = El acceso en dos pasos no está activado en esta cuenta.
reason-shared-access = Todo lo que quedaría depende de un solo buzón o de un solo proveedor, y esta cuenta está protegida. Añade antes otra forma de acceder, como una llave de acceso.
mail-totp-added-subject = Se activó el acceso en dos pasos
mail-totp-added-heading = Se activó el acceso en dos pasos
mail-totp-added-lead = A partir de ahora se pide una aplicación de autenticación cada vez que se accede. Todas las demás sesiones se han cerrado.
mail-totp-added-not-you = Si no fuiste tú, recupera tu cuenta desde la página de acceso y pregunta a quien gestiona este servicio.
mail-totp-removed-subject = Se desactivó el acceso en dos pasos
mail-totp-removed-heading = Se desactivó el acceso en dos pasos
mail-totp-removed-lead = A partir de ahora basta un paso para abrir tu cuenta. Todas las demás sesiones se han cerrado.
mail-totp-removed-not-you = Si no fuiste tú, abre tu cuenta, actívalo de nuevo, pon una contraseña nueva y revisa tus formas de acceder.
mail-recovery-codes-made-subject = Se crearon nuevos códigos de recuperación
mail-recovery-codes-made-heading = Se crearon nuevos códigos de recuperación
mail-recovery-codes-made-lead = Los códigos de recuperación que tenías ya no funcionan.
mail-recovery-codes-made-not-you = Si no fuiste tú, abre tu cuenta, crea códigos nuevos y cierra las sesiones que no reconozcas.
mail-recovery-code-used-subject = Se usó un código de recuperación
mail-recovery-code-used-heading = Se usó un código de recuperación
mail-recovery-code-used-lead = Alguien accedió a tu cuenta con uno de tus códigos de recuperación. Códigos restantes: { $left }.
mail-recovery-code-used-not-you = Si no fuiste tú, abre tu cuenta, crea códigos nuevos y cierra las sesiones que no reconozcas.
factor-codes-left =
    { $count ->
        [0] No quedan códigos de recuperación
        [one] Queda { $count } código de recuperación
       *[other] Quedan { $count } códigos de recuperación
    }

# Deshacer
undo-connected-title = { $provider } se conectó a tu cuenta
undo-connected-lead = Si fuiste tú, no hay nada que hacer. Si no, detenlo aquí.
undo-on-hold-title = { $provider } está en pausa
undo-on-hold-lead = De momento no abre tu cuenta, y las sesiones abiertas con él han terminado.
undo-gone-title = { $provider } ya no está conectado
undo-gone-lead = No abre tu cuenta. Aquí ya no hay nada que hacer.
undo-removed-title = { $provider } se quitó de tu cuenta
undo-removed-lead = Si fuiste tú, no hay nada que hacer. Si no, inicia sesión y recupéralo.
undo-back-title = { $provider } vuelve a abrir tu cuenta
undo-back-lead = Se ha vuelto a conectar desde entonces. Aquí ya no hay nada que hacer.
undo-other = Has iniciado sesión como { $name }, y esto es de otra cuenta. Inicia sesión en esa para continuar.
undo-hold = No fui yo: poner en pausa
undo-hold-lead = No hace falta iniciar sesión. { $provider } deja de abrir tu cuenta al instante, y las sesiones abiertas con él terminan.
undo-remove = Quitar { $provider }
undo-restore = Recuperar { $provider }
undo-sign-in-remove = Iniciar sesión para quitar { $provider }
undo-sign-in-restore = Iniciar sesión para recuperar { $provider }
undo-until = Se puede hacer hasta
release-title = ¿Volver a usar { $provider }?
release-lead = Está en pausa hasta que digas que es tuyo. Compara la cuenta antes de continuar.
release-change = Quien pueda iniciar sesión en esa cuenta de { $provider } podrá abrir tu cuenta aquí.
release-was-me = Fui yo
release-label = Volver a usar { $provider }
badge-on-hold = En pausa
flash-restored = { $provider } vuelve a abrir tu cuenta.
flash-released = { $provider } ya no está en pausa.
mail-button-not-me = No fui yo
mail-button-restore = Recuperarlo
mail-linked-undo = Si no fuiste tú, pulsa el botón: en la página que abre puedes poner { $provider } en pausa al instante, sin iniciar sesión. Puedes hacerlo durante siete días.
mail-unlinked-undo = Si no fuiste tú, pulsa el botón: después de iniciar sesión puedes recuperar { $provider }. Puedes hacerlo durante siete días.

# Volver a entrar
recover-link = No puedo entrar
way-recover = Volver a entrar en tu cuenta
recover-title = Volver a entrar en tu cuenta
recover-lead = Escribe una dirección de correo de tu cuenta. Enviaremos un código allí.
recover-what = Cuando vuelvas a entrar, todas las demás sesiones se cierran. Las formas de entrar añadidas en los últimos siete días quedan en pausa hasta que las confirmes, y las llaves de acceso o la aplicación de autenticación añadidas en ese tiempo se quitan.
recover-unavailable = Los códigos por correo están desactivados aquí, así que esta página no puede dejarte entrar. Pregunta a quien gestione este servicio.
code-purpose-recover = Escríbelo aquí para volver a entrar en tu cuenta.
recover-proof-title = Una confirmación más
recover-proof-lead = Tu cuenta necesita una segunda confirmación que no dependa de la primera.
recover-proof-mailbox = Enviar un código a { $address }
recover-stuck = Aquí no hay nada más que pueda confirmar que eres tú. Pregunta a quien gestione este servicio y dale el código de abajo.
recovered-title = Has vuelto a tu cuenta
recovered-lead = Todas las demás sesiones se han cerrado, y cada dirección confirmada ha recibido un correo.
recovered-held = En pausa hasta que confirmes
recovered-held-lead = Se añadieron en los últimos días. Conserva lo que sea tuyo y quita lo que no.
recovered-none = No hay nada en pausa.
recovered-passkeys = Las llaves de acceso o la aplicación de autenticación añadidas en los últimos siete días se han quitado. Puedes añadirlas de nuevo.
recovered-account = Ver todas las formas de entrar
mail-code-lead-recover = Alguien, ojalá tú, no puede iniciar sesión y quiere volver a entrar en la cuenta con esta dirección.
mail-code-lead-recover-unknown = Alguien, ojalá tú, quiere volver a entrar en una cuenta con esta dirección. No hay ninguna cuenta con ella.
mail-code-follows-recover = Al escribirlo se vuelve a la cuenta, o a una confirmación más. Entonces se cierran todas las demás sesiones.
mail-code-follows-recover-unknown = Al escribirlo no se llega más lejos.
