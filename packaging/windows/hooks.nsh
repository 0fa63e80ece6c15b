; What Tauri's installer does besides copying files. It runs as the person who installs, never as an administrator.
;
; Three things are special here. Apps such as Claude start `jean-bridge.exe stdio` and do not start it again when it ends, so an
; update must not end it: a running program cannot be written over, but it can be renamed, and goes on under the other name. The app
; itself is ended in good order, not killed, because it may be writing. And what the bridge has made goes only if the person ticks
; "Delete the application data", which a silent uninstall cannot.

!define APP "$INSTDIR\jean-memory-bridge.exe"
!define COMMAND_LINE "$INSTDIR\jean-bridge.exe"
; A renamed command line that still ran when the installer ended.
!define REPLACED "jean-bridge-replaced-"
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"
!define APPROVED_KEY "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
; Where the start at login waits while a new version takes the place of an old one.
!define KEPT_START "Start at login"

Var WasRunning

; Ends the app, or a `serve`, and waits for it. $WasRunning is 1 if there was one.
!macro EndBridge
  StrCpy $WasRunning 0
  ${If} ${FileExists} "${COMMAND_LINE}"
    nsExec::Exec /TIMEOUT=30000 '"${COMMAND_LINE}" quit'
    Pop $R8
    ${If} $R8 == 0
      StrCpy $WasRunning 1
    ${EndIf}
  ${EndIf}
  ; Tauri's own question, for an app that did not end. Asked here already: nothing may be moved if the answer is Cancel.
  !insertmacro CheckIfAppIsRunning "${APP}" "${PRODUCTNAME}"
!macroend

; Moves a program out of the way if it runs; one that does not run can be written over, or deleted.
!macro MoveAside program folder
  ${If} ${FileExists} "${program}"
    ClearErrors
    FileOpen $R8 "${program}" a
    ${If} ${Errors}
      System::Call 'kernel32::GetTickCount() i .R8'
      Rename "${program}" "${folder}\${REPLACED}$R8.exe"
    ${Else}
      FileClose $R8
    ${EndIf}
    ClearErrors
  ${EndIf}
!macroend

!macro NSIS_HOOK_PREINSTALL
  !insertmacro EndBridge
  ; What earlier updates left; one that still runs stays.
  Delete "$INSTDIR\${REPLACED}*.exe"
  !insertmacro MoveAside "${COMMAND_LINE}" "$INSTDIR"
!macroend

!macro NSIS_HOOK_POSTINSTALL
  ; "Uninstall before installing" has taken it away.
  ReadRegStr $R8 HKCU "${MANUPRODUCTKEY}" "${KEPT_START}"
  ${If} $R8 != ""
    WriteRegStr HKCU "${RUN_KEY}" "${PRODUCTNAME}" $R8
    DeleteRegValue HKCU "${MANUPRODUCTKEY}" "${KEPT_START}"
  ${EndIf}
  ; With pages, the last one offers to start it. Without, whoever had it has it again.
  ${If} $WasRunning = 1
    ${If} ${Silent}
    ${OrIf} $PassiveMode = 1
      Exec '"${APP}" --background'
    ${EndIf}
  ${EndIf}
!macroend

!macro NSIS_HOOK_PREUNINSTALL
  ; The uninstaller runs where it lies only when the installer of another version calls it; otherwise it copies itself away first.
  ${If} $EXEDIR == $INSTDIR
    ReadRegStr $R8 HKCU "${RUN_KEY}" "${PRODUCTNAME}"
    ${If} $R8 != ""
      WriteRegStr HKCU "${MANUPRODUCTKEY}" "${KEPT_START}" $R8
    ${EndIf}
  ${EndIf}

  ${If} $DeleteAppDataCheckboxState = 1
  ${AndIf} $UpdateMode <> 1
    remove_data:
    ; It ends the app itself, as soon as it knows that everything can go.
    nsExec::Exec '"${COMMAND_LINE}" reset --yes'
    Pop $R8
    ${If} $R8 != 0
      ${If} $LANGUAGE = 1031 ; German
        StrCpy $R9 "Nicht alles ließ sich entfernen. Ist der Schlüsselbund gesperrt, oder läuft eine App, die mit der Bridge verbunden ist, etwa Claude? Beenden Sie sie und wiederholen Sie es.$\n$\nMit Abbrechen geht die Deinstallation weiter, und was noch da ist, bleibt."
      ${Else}
        StrCpy $R9 "Not everything could be removed. Is an app that is connected to the bridge still running, Claude for example? Quit it and try again.$\n$\nCancel goes on with uninstalling, and what is still there stays."
      ${EndIf}
      MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$R9" /SD IDCANCEL IDRETRY remove_data
    ${EndIf}
  ${EndIf}

  !insertmacro EndBridge
  ; An app that has it running goes on until it ends; Windows empties this folder.
  Delete "$INSTDIR\${REPLACED}*.exe"
  FindFirst $R7 $R9 "$INSTDIR\${REPLACED}*.exe"
  ${DoWhile} $R9 != ""
    Rename "$INSTDIR\$R9" "$TEMP\$R9"
    FindNext $R7 $R9
  ${Loop}
  FindClose $R7
  !insertmacro MoveAside "${COMMAND_LINE}" "$TEMP"
!macroend

!macro NSIS_HOOK_POSTUNINSTALL
  ; Tauri's part removes the start at login itself, but not what the Task Manager keeps about it.
  ${If} $UpdateMode <> 1
    DeleteRegValue HKCU "${APPROVED_KEY}" "${PRODUCTNAME}"
  ${EndIf}
!macroend
